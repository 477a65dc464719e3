"""The style, scripts and libraries of all pages."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import FileResponse, Response

from service.errors import ProblemError
from service.review.rendering import STATIC, static

router = APIRouter(include_in_schema=False)

_TYPES = {".css": "text/css", ".js": "text/javascript"}
_FILES = {
    path.relative_to(STATIC).as_posix(): path for path in STATIC.rglob("*") if path.suffix in _TYPES
}
_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"


@router.get("/review/static/{name:path}")
def static_file(name: str, v: Annotated[str, Query()] = "") -> Response:
    """One of the files that come with the pages, and no other.

    Under the address that pages have for it, a browser may keep it: another content has another.
    """
    path = _FILES.get(name)
    if path is None:
        raise ProblemError("not-found", "There is no such file.")
    kept = _FOR_GOOD if static(name).endswith(f"?v={v}") else _ASK_FIRST
    return FileResponse(path, headers={"Cache-Control": kept}, media_type=_TYPES[path.suffix])
