"""The key figures as one HTML file that opens anywhere, its pictures inside."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from training.card import digits
from training.card.drawing import svg
from training.kpi import told
from training.kpi.definitions import DEFINITIONS, HONEST
from training.kpi.plots import groups_plot, money_plot, months_plot
from training.kpi.shares import FEW

TEMPLATES = Path(__file__).parents[1] / "templates"
PICTURED = ("stage", "level", "tier", "treatment")


def page(document: dict[str, Any]) -> str:
    """The page of a document as `training.kpi.kpi.kpi` returns it."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": digits.count, "percent": digits.percent, "code": _code}
    return environment.get_template("kpi/kpi.html").render(
        d=document,
        told=told,
        definitions={name: _code(text) for name, text in DEFINITIONS.items()},
        honest=_code(HONEST),
        plots=_plots(document),
        few=FEW,
    )


def _plots(document: dict[str, Any]) -> dict[str, Markup]:
    """Pictures of what there is: of groups where there are several, of months likewise."""
    by, plots = document["by"], {}
    if document["total"]["cure"]["n"]:
        for name in PICTURED:
            if len(by.get(name, {})) > 1:
                said = f"Cure rate by {name}, with 95% intervals"
                plots[name] = svg(groups_plot(document, name), name, said)
        if len(by.get("month", {})) > 1:
            said = "Cure rate by month of decision, with 95% intervals"
            plots["month"] = svg(months_plot(document), "month", said)
    if len(by.get("month", {})) > 1:
        for currency in document["total"]["money"] or {}:
            name = f"money-{currency}"
            said = f"Recovered by month of decision, {currency}"
            plots[name] = svg(money_plot(document, currency), name, said)
    return plots


def _code(text: str) -> Markup:
    """Text in which what stands between backquotes is code."""
    parts = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts)
    )
