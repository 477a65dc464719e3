"""A comparison as one HTML file that opens anywhere, its pictures inside."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from models.intensity.words.effects import ASSUMED
from training.card import digits
from training.card.drawing import svg
from training.value_plots import (
    contacts_plot,
    difference_plot,
    effects_plot,
    levels_plot,
    stages_plot,
    value_plot,
)

TEMPLATES = Path(__file__).parent / "templates"
_BASE, _DONE = "nothing", "done"  # what values are measured from, and what was done
_VALUE = "Net value of each policy over no contact, by two estimates with 95% intervals"
_COMPARED = "Net value of each policy more than what was done, with 95% intervals"
_LEVELS = "Share of assignments that each policy gives each level"
_CONTACTS = "Contacts for one cure under each policy, by two estimates with 95% intervals"
_STAGES = "Net value of each policy over no contact, by stage, with 95% intervals"
_EFFECTS = "What each level adds to the probability of a cure, by stage, with 95% intervals"


def page(document: dict[str, Any]) -> str:
    """The page of a comparison's document."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "assumed": _assumed,
        "count": digits.count,
        "interval": interval,
        "number": digits.number,
        "percent": digits.percent,
        "points": _points,
    }
    return environment.get_template("policy_value.html").render(
        d=document,
        unit=unit_of(document),
        plots=_plots(document),
        best=_best(document),
        better=_better(document),
    )


def unit_of(document: dict[str, Any]) -> str:
    """The unit of amounts, in words."""
    rate, currency = document["unit_in_currency"], document["currency"]
    return str(currency) if rate == 1 else f"units of {rate:,.10g} {currency}"


def _best(document: dict[str, Any]) -> dict[str, Any] | None:
    """The policy of largest net value whose interval lies above 0; None where there is none."""
    sure = [each for each in document["policies"].values() if (each["net_dr"]["low"] or 0.0) > 0]
    return max(sure, key=lambda each: each["net_dr"]["value"], default=None)


def _better(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The policies that are better than what was done by their whole interval, best first."""
    others = [each for name, each in document["policies"].items() if name != _DONE]
    sure = [each for each in others if (each["minus"][_DONE]["low"] or 0.0) > 0]
    return sorted(sure, key=lambda each: -each["minus"][_DONE]["value"])


def _plots(document: dict[str, Any]) -> dict[str, Markup]:
    every, unit = document["policies"], unit_of(document)
    active = {name: part for name, part in every.items() if name != _BASE}
    plots = {
        "value": svg(value_plot(active, unit), "value", _VALUE),
        "done": svg(difference_plot(every, _DONE, unit), "done", _COMPARED),
        "levels": svg(levels_plot(active, document["rows"]["used"]), "levels", _LEVELS),
        "contacts": svg(contacts_plot(active), "contacts", _CONTACTS),
        "stages": svg(stages_plot(active, unit), "stages", _STAGES),
    }
    if any(cell["estimated"] for cell in document["cells"]):
        plots["effects"] = svg(effects_plot(document["cells"]), "effects", _EFFECTS)
    return plots


def interval(figure: dict[str, float | None], decimals: int = 0, sign: str = "") -> str:
    """As `+52,413 [12,425, 107,183]`; a dash where it is not defined."""
    told = [
        "–" if each is None else f"{each:{sign}z,.{decimals}f}".replace("-", "−")
        for each in (figure["value"], figure["low"], figure["high"])
    ]
    return told[0] if figure["low"] is None else f"{told[0]} [{told[1]}, {told[2]}]"


def _points(share: float | None) -> str:
    """A share in percentage points, signed."""
    return "–" if share is None else f"{100 * share:+z.1f}".replace("-", "−")


def _assumed(cell: dict[str, Any]) -> str:
    """Why a cell is assumed, in words."""
    return ASSUMED[cell["why"]].of("en").format(stage=cell["stage"])
