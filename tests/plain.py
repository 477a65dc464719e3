"""Single calls of a server on this machine.

httpx would read the certificates of all authorities for each, which takes longer than the call.
"""

from typing import Any

import httpx


def get(url: str, **more: Any) -> httpx.Response:
    """As `httpx.get`, over HTTP."""
    return httpx.get(url, verify=False, **more)


def post(url: str, **more: Any) -> httpx.Response:
    """As `httpx.post`, over HTTP."""
    return httpx.post(url, verify=False, **more)
