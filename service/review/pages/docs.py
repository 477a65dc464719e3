"""The API's documentation: OpenAPI, and a page rendered from it that loads nothing."""

import json
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from service.api.common import answer
from service.review.asked import AskedOf
from service.review.rendering import page
from service.security.callers import scopes

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
@scopes("score", "review")
def get_openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return answer(request.app.state.openapi())


@router.get("/docs")
@scopes("score", "review")
def get_docs(request: Request, asked: AskedOf) -> Response:
    """Every call with its parameters, an example and the answers."""
    document = request.app.state.openapi()
    return page("docs.html", asked, api=document, calls=_calls(document))


def _calls(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"method": method.upper(), "path": path, "example": _example(call), **call}
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    ]


def _example(call: dict[str, Any]) -> str | None:
    content = call.get("requestBody", {}).get("content", {}).get("application/json", {})
    return json.dumps(content["example"], indent=2) if "example" in content else None
