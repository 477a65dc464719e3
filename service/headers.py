"""The headers of a request, read once for all that look at them."""

from collections.abc import Mapping
from typing import Any

_KEY = "curescore.headers"  # of the scope


def headers_of(scope: Any) -> Mapping[str, str]:
    """The headers of an ASGI scope by their names in small letters; of one sent twice the first."""
    found: Mapping[str, str] | None = scope.get(_KEY)
    if found is None:
        pairs = reversed(scope["headers"])
        found = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
        scope[_KEY] = found
    return found
