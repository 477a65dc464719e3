"""Rendering of pages: templates that escape what they show."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from models.score.reasons import Language
from service.review.labels import LABELS

TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["instant"] = _instant
    return environment


def _instant(text: str) -> str:
    """A recorded instant as people read it: to the second, with its offset."""
    return datetime.fromisoformat(text).isoformat(" ", "seconds").replace("+00:00", " UTC")


def page(template: str, *, language: Language, **values: Any) -> Response:
    """The rendered template as an answer, with the labels of the language at hand."""
    labels = {name: words.of(language) for name, words in LABELS.items()}
    text = _environment().get_template(template).render(t=labels, language=language, **values)
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    return Response(text.encode(), 200, headers, "text/html")
