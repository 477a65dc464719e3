"""Rendering of pages: templates that escape what they show, in the reader's language."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import Response

from models.score.reasons import Language
from service.review import formats
from service.review.asked import LANGUAGE_COOKIE, Asked
from service.review.labels.catalogue import LABELS

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"

_REMEMBERED = 365 * 24 * 3600  # seconds
# Filters of templates, which know the page's language.
_FORMATS: dict[str, Callable[..., str]] = {
    "number": formats.number,
    "signed": formats.signed,
    "percent": formats.percent,
    "points": formats.points,
    "money": formats.money,
    "instant": formats.instant,
    "day": formats.day,
    "month": formats.month,
}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {name: _localised(form) for name, form in _FORMATS.items()}
    environment.globals["static"] = static
    return environment


def _localised(form: Callable[..., str]) -> Callable[..., str]:
    @pass_context
    def shown(context: Context, value: Any, *how: Any) -> str:
        return form(value, context["language"], *how)

    return shown


@cache
def static(name: str) -> str:
    """The address of a file of ours, which changes with its content."""
    digest = sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/review/static/{name}?v={digest}"


@cache
def _labels(language: Language) -> dict[str, str]:
    return {name: words.of(language) for name, words in LABELS.items()}


def page(template: str, asked: Asked, *, status: int = 200, **values: Any) -> Response:
    """The rendered template as an answer, with the labels of the language at hand.

    A language that was chosen by its link is remembered in a cookie.
    """
    language = asked.language
    text = (
        _environment()
        .get_template(template)
        .render(t=_labels(language), language=language, asked=asked, **values)
    )
    headers = {"Content-Language": language, "Vary": "Accept-Language, Cookie"}
    response = Response(text.encode(), status, headers, "text/html")
    if asked.chosen:
        response.set_cookie(
            LANGUAGE_COOKIE, language, _REMEMBERED, path="/", samesite="lax", httponly=True
        )
    return response
