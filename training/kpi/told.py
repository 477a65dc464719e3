"""Figures as people read them, on the page and at the terminal."""

from typing import Any

from models.intensity.ladder import LEVEL_NAMES

FEW, NOTHING = "too few", "–"
_UNKNOWN = "not known"


def share(figure: dict[str, Any] | None) -> str:
    """As `61.3% [60.1, 62.4]`."""
    told = percent(figure)
    if figure is None or figure["too_few"]:
        return told
    return f"{told} [{100 * figure['low']:.1f}, {100 * figure['high']:.1f}]"


def percent(figure: dict[str, Any] | None) -> str:
    """As `61.3%`."""
    if figure is None:
        return _UNKNOWN
    if not figure["n"]:
        return NOTHING
    return FEW if figure["too_few"] else f"{figure['rate']:.1%}"


def bounds(figure: dict[str, Any] | None) -> str:
    """As `60.1 to 62.4%`; nothing where the share is not told."""
    if figure is None or figure["too_few"]:
        return ""
    return f"{100 * figure['low']:.1f} to {100 * figure['high']:.1f}%"


def few(figure: dict[str, Any], key: str, digits: int) -> str:
    """One number of a figure that says whether it is of too few."""
    if not figure["n"]:
        return NOTHING
    return FEW if figure["too_few"] else f"{figure[key]:,.{digits}f}"


def quartiles(figure: dict[str, Any]) -> str:
    """As `9.2 (4.0 to 17.1)`: the median, and from quartile to quartile."""
    median = few(figure, "median", 1)
    if not figure["n"] or figure["too_few"]:
        return median
    return f"{median} ({figure['q25']:,.1f} to {figure['q75']:,.1f})"


def recovered(money: dict[str, Any] | None) -> str:
    """What came in, in each currency apart."""
    if money is None:
        return _UNKNOWN
    return "; ".join(f"{each['recovered']:,.0f} {name}" for name, each in money.items()) or NOTHING


def cost(money: dict[str, Any] | None) -> str:
    """Cost of one unit recovered, in each currency apart."""
    if money is None:
        return _UNKNOWN
    told = ((cost_per_unit(each), name) for name, each in money.items())
    return "; ".join(f"{unit} {name}" for unit, name in told if unit != NOTHING) or NOTHING


def cost_per_unit(each: dict[str, Any]) -> str:
    """Expected cost of one unit recovered, in one currency."""
    if each["cost_per_unit"] is None:
        return NOTHING
    return FEW if each["too_few"] else f"{each['cost_per_unit']:.3f}"


def per_cure(contacts: dict[str, Any] | None, cure: dict[str, Any]) -> str:
    """Contacts for one cure; of as many cycles as the cure rate is of."""
    if contacts is None:
        return _UNKNOWN
    if contacts["per_cure"] is None:
        return NOTHING
    return FEW if cure["too_few"] else f"{contacts['per_cure']:,.1f}"


def group_name(dimension: str, name: str) -> str:
    """A group as it is called: a level with its name, words without underscores."""
    if dimension == "level":
        return f"{name} {LEVEL_NAMES[int(name)]}"
    if dimension == "channel" and name == "none":
        return "none planned"
    return name.replace("_", " ") if dimension != "stage" else name
