"""The contract: whatever the service answers, in any test, is as its OpenAPI document says."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
import jsonschema_rs
import pytest
from fastapi import FastAPI

from service import openapi
from service.app import ROUTED

Call = dict[str, Any]

CHECKED: Counter[str] = Counter()  # answers that were checked, by operation

_METHODS = ("get", "post", "put", "patch", "delete")
_PROBLEM = "application/problem+json"


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of the service."""
    app = FastAPI(title="curescore", version="0")
    for part in ROUTED:
        app.include_router(part.router)
    return openapi.document(app, "USD")


@cache
def _templates() -> list[tuple[re.Pattern[str], dict[str, Call]]]:
    """The paths of the document, the most particular ones first."""
    paths = sorted(
        document()["paths"].items(), key=lambda each: (each[0].count("{"), -len(each[0]))
    )
    return [
        (re.compile(re.sub(r"\\{[a-z_]+\\}", "[^/]+?", re.escape(path))), calls)
        for path, calls in paths
    ]


@cache
def _validator(schema: str) -> Any:
    whole = json.loads(schema) | {"components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole)


def calls_of(path: str) -> dict[str, Call] | None:
    """What the document says of a path, by method; None where it does not know it."""
    for pattern, calls in _templates():
        if pattern.fullmatch(path):
            return calls
    return None


def check(method: str, path: str, status: int, content_type: str, content: bytes) -> None:
    """AssertionError where this answer to a call is not as the document says."""
    calls = calls_of(path)
    if calls is None or method.lower() not in _METHODS:
        return  # another server's, or no call of the API
    told = f"{method} {path} answered {status} {content_type}: {content[:300]!r}"
    call = calls.get(method.lower())
    if call is None:
        assert status in (401, 405, 429), told
        return
    CHECKED[call["operationId"]] += 1
    documented = call["responses"].get(str(status))
    assert documented is not None, f"not documented: {told}"
    kind = content_type.partition(";")[0]
    assert kind in documented.get("content", {}), f"another media type: {told}"
    schema = documented["content"][kind].get("schema")
    if schema and kind in ("application/json", _PROBLEM):
        errors = [
            f"{error.instance_path}: {error.message[:300]}"
            for error in _validator(json.dumps(schema)).iter_errors(json.loads(content))
        ]
        assert not errors, f"{told}\n{errors[:5]}"


def _checked(response: httpx.Response) -> httpx.Response:
    request = response.request
    if response.is_closed or hasattr(response, "_content"):
        kind = response.headers.get("content-type", "")
        check(request.method, request.url.path, response.status_code, kind, response.content)
    return response


@contextmanager
def kept() -> Iterator[None]:
    """Inside, every answer that httpx reads whole is checked."""
    send, send_async = httpx.Client.send, httpx.AsyncClient.send

    def sent(client: httpx.Client, *args: Any, **kwargs: Any) -> httpx.Response:
        return _checked(send(client, *args, **kwargs))

    async def sent_async(client: httpx.AsyncClient, *args: Any, **kwargs: Any) -> httpx.Response:
        return _checked(await send_async(client, *args, **kwargs))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.Client, "send", sent)
        patch.setattr(httpx.AsyncClient, "send", sent_async)
        yield
