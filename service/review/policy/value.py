"""What policies would have been worth on recorded assignments: the comparison of a promotion."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from models.score.reasons import Language
from service.review import formats, intervals
from service.review.charts import Axis, Chart, Series, across
from service.review.known_model import Document
from service.review.labels.catalogue import LABELS

Row = dict[str, Any]
Figure = Mapping[str, float | None]

DONE, NOTHING = "done", "nothing"
CURRENT, PROPOSED = "current", "proposed"
# As training.offpolicy.cautions writes it; the document has no field for it.
_IN_SAMPLE = re.compile(r"The score was trained on statements until (\d{4}-\d{2}-\d{2})\.")
FEW, MUCH = 100.0, 0.01  # effective assignments, and share without support, to be told of


def value_view(document: Document, language: Language) -> Row:
    """Every policy that was compared, its charts, and what is to be known before believing it."""
    policies = {name: each for name, each in document["policies"].items() if name != NOTHING}
    names = {name: policy_name(name, each, language) for name, each in policies.items()}
    unit = _unit(document, language)
    return {
        "unit": unit,
        "per": formats.number(document["per_assignments"], language),
        "from": document["start"],
        "until": document["end"],
        "used": formats.number(document["rows"]["used"], language),
        "accounts": formats.number(document["rows"]["accounts"], language),
        "left_out": [
            {"why": name, "n": formats.number(n, language)}
            for name, n in document["rows"]["left_out"].items()
            if n
        ],
        "rows": [_row(names[name], each, language) for name, each in policies.items()],
        "value_chart": _chart(
            [(names[name], each["net_dr"]) for name, each in policies.items()],
            LABELS["policy_net"].of(language),
            unit,
            language,
        ),
        "difference_chart": _chart(
            [(names[name], each["minus"][DONE]) for name, each in policies.items() if name != DONE],
            LABELS["policy_above_done"].of(language),
            unit,
            language,
        ),
        "judged": _judged(policies, names, language),
        "cautions": list(_cautions(document, names, language)),
        "recorded": document["warnings"],
    }


def policy_name(name: str, told: Document, language: Language) -> str:
    """What a policy of the comparison is called; a file's by its own name."""
    words = LABELS.get(f"compared_{name}")
    shown = name if words is None else words.of(language)
    refitted = LABELS["policy_refitted"].of(language) if told["refitted"] else ""
    return f"{shown}{refitted}"


def _judged(
    policies: Mapping[str, Document], names: Mapping[str, str], language: Language
) -> Row | None:
    """The policy proposed less that of then: what a promotion is about."""
    above = policies[PROPOSED]["minus"].get(CURRENT) if PROPOSED in policies else None
    if above is None or CURRENT not in names:
        return None
    words = LABELS["worth_judged"].of(language)
    told = words.format(
        proposed=names[PROPOSED], current=names[CURRENT], told=_told(above, language)
    )
    return {"told": told, "reading": _reading(above)}


def _row(name: str, each: Document, language: Language) -> Row:
    above = each["minus"].get(DONE)
    return {
        "name": name,
        "net": _told(each["net_dr"], language),
        "snips": _told(each["net_snips"], language),
        "above_done": formats.NONE if above is None else _told(above, language),
        "reading": above and _reading(above),
        "extra_cures": _told(each["extra_cures_dr"], language, 1),
        "contacts_per_cure": _told(each["contacts_per_cure_dr"], language, 1),
        "effective_size": formats.number(each["effective_size"], language),
        "unsupported": formats.percent(each["unsupported_share"], language),
    }


def _told(figure: Figure, language: Language, digits: int = 0) -> str:
    return intervals.number(figure["value"], _ends(figure), language, digits)


def _ends(figure: Figure) -> tuple[float, float] | None:
    low, high = figure["low"], figure["high"]
    return None if low is None or high is None else (low, high)


def _reading(figure: Figure) -> str | None:
    """Whether the difference is surely above 0 (`better`), surely below (`worse`), or `same`."""
    ends = _ends(figure)
    if ends is None:
        return None
    return "better" if ends[0] > 0 else "worse" if ends[1] < 0 else "same"


def _chart(told: list[tuple[str, Figure]], title: str, unit: str, language: Language) -> Chart:
    figures = [figure for _, figure in told]
    return across(
        [name for name, _ in told],
        [
            Series(title, [figure["value"] for figure in figures], "points", 0),
            Series(LABELS["interval"].of(language), [_ends(f) for f in figures], "range", 0),
        ],
        Axis(f"{title}, {unit}", "money"),
    )


def _unit(document: Document, language: Language) -> str:
    rate, currency = document["unit_in_currency"], document["currency"]
    if rate == 1:
        return str(currency)
    words = LABELS["policy_units_of"].of(language)
    return words.format(rate=formats.number(rate, language, 2), currency=currency)


def _cautions(document: Document, names: Mapping[str, str], language: Language) -> Iterator[str]:
    """What speaks against the figures, by what the document says of itself."""
    doubt = document["doubt"]
    if doubt is not None:
        yield LABELS[f"doubt_{doubt['why']}"].of(language)
    if document["horizon_cycles"] > 1:
        words = LABELS["caution_horizon"].of(language)
        yield words.format(cycles=document["horizon_cycles"])
    if not any(cell["estimated"] for cell in document["cells"]):
        yield LABELS["caution_none_estimated"].of(language)
    for name, shown in names.items():
        each = document["policies"][name]
        if each["unsupported_share"] >= MUCH:
            share = formats.percent(each["unsupported_share"], language, 0)
            yield LABELS["caution_unsupported"].of(language).format(policy=shown, share=share)
        if 0 < each["effective_size"] < FEW:
            size = formats.number(each["effective_size"], language)
            yield LABELS["caution_few"].of(language).format(policy=shown, size=size)
    for recorded in document["warnings"]:
        until = _IN_SAMPLE.match(recorded)
        if until:
            day = formats.day(until[1], language)
            yield LABELS["caution_in_sample"].of(language).format(until=day)
    for number in range(1, 4):
        yield LABELS[f"note_{number}"].of(language)
