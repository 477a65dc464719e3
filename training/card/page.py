"""The card's page: its template, with numbers and defined words at hand."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from models.score.reference import PSI_LOOK, PSI_SHIFTED
from models.score.standing import LEAST_CORRELATION
from training.card import digits
from training.card.findings import reading, why_the_best
from training.card.glossary import TERMS
from training.evaluate import LEAST_OF_EACH
from training.names import name_of

TEMPLATES = Path(__file__).parents[1] / "templates"


def page(**values: Any) -> str:
    """The rendered card."""
    return _environment().get_template("card.html").render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("count", "number", "percent", "setting"):
        environment.filters[name] = getattr(digits, name)
    for name in ("interval", "percent_interval"):
        environment.filters[name] = _unbroken(getattr(digits, name))
    environment.filters["words"] = _words
    environment.globals |= {
        "term": _term,
        "terms": TERMS,
        "name_of": name_of,
        "reading": reading,
        "why_the_best": why_the_best,
        "psi_look": PSI_LOOK,
        "psi_shifted": PSI_SHIFTED,
        "least_correlation": LEAST_CORRELATION,
        "why": _why,
    }
    return environment


def _term(key: str, shown: str | None = None) -> Markup:
    """A defined word, with its meaning on pointing and in the glossary."""
    name, meaning = TERMS[key]
    link = Markup('<a class="term" href="#term-{}" title="{}">{}</a>')
    return link.format(key, meaning, shown or name)


def _unbroken(told: Callable[..., str]) -> Callable[..., Markup]:
    """The same, with an interval that is not broken over two lines."""

    def shown(*given: Any, **named: Any) -> Markup:
        value, bracket, bounds = told(*given, **named).partition(" [")
        if not bracket:
            return Markup("{}").format(value)
        return Markup('{} <span class="bounds">[{}</span>').format(value, bounds)

    return shown


def _words(sentence: str) -> str:
    """A feature's sentence without its value."""
    return re.sub(r": \{value\}\.?$", ".", sentence).replace("{value}", "…")


def _why(part: dict[str, Any]) -> str:
    """Why a measure of these rows is not defined."""
    if not part["n"]:
        return "no rows"
    reached = round(part["n"] * part["target_rate"])
    if reached in (0, part["n"]):
        return "one outcome only"
    return "too few" if min(reached, part["n"] - reached) < LEAST_OF_EACH else "no finite line"
