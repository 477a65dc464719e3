"""What holds every answer in the tests against the OpenAPI document does hold it."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests import contract
from tests.service.conftest import Client

HEALTH = {"status": "ok"}
JSON = "application/json"


def check(told: Any, path: str = "/healthz", status: int = 200, kind: str = JSON) -> None:
    contract.check("GET", path, status, kind, json.dumps(told).encode())


def test_an_answer_as_documented_passes() -> None:
    check(HEALTH)


@pytest.mark.parametrize(
    ("told", "change"),
    [
        ({"status": "fine"}, {}),
        (HEALTH | {"more": 1}, {}),
        ({}, {}),
        (HEALTH, {"status": 201}),
        (HEALTH, {"kind": "text/plain"}),
        (HEALTH, {"path": "/v1/decisions/00000000-0000-7000-8000-000000000000"}),
    ],
)
def test_any_other_answer_is_found(told: Any, change: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check(told, **change)


def test_whatever_httpx_reads_is_checked() -> None:
    async def wrong(_: Request) -> Response:
        return Response(b'{"status": "fine"}', media_type=JSON)

    async def ask() -> None:
        transport = httpx.ASGITransport(Starlette(routes=[Route("/healthz", wrong)]))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            await client.get("/healthz")

    with pytest.raises(AssertionError, match="fine"):
        asyncio.run(ask())


def test_the_document_is_that_of_the_service(client: Client) -> None:
    before = contract.CHECKED.total()
    served = client.get("/openapi.json").json()
    ours = contract.document()
    assert served["paths"] == ours["paths"]
    assert served["components"] == ours["components"]
    assert contract.CHECKED.total() == before  # the document does not tell of itself
