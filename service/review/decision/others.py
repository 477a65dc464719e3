"""Other decisions of a decision's account, and the chain of those that took each other's place."""

from collections.abc import Sequence
from typing import NamedTuple

from models.intensity.words.catalogue import told
from models.intensity.words.names import level_told
from models.intensity.words.overrides import REASONS
from models.score.reasons import Language
from models.target import TARGETS
from service.log.decisions import DecisionLog, Query
from service.log.records import Record
from service.review import formats
from service.review.charts import Axis, Chart, Series, over
from service.review.labels.catalogue import LABELS

MOST = 20  # other decisions of the account, the newest
LINKS = 20  # of a chain, each way


class Line(NamedTuple):
    """One decision in a table; `reason` and `text` are those of a person who made it."""

    decision_id: str
    is_this: bool
    decided_at: str
    as_of: str
    target: str
    probability: float
    stage: str
    level: str
    status: str
    actor: str
    reason: str
    text: str


class Others(NamedTuple):
    """The newest decisions of the account beside this one, newest first.

    `drawn` are these and this one, oldest first, as the chart has their probabilities.
    """

    lines: list[Line]
    drawn: list[Line]
    chart: Chart


def others(log: DecisionLog, record: Record, language: Language) -> Others:
    """The account's other decisions."""
    found = log.search(Query(account_id=record["account_id"]), MOST + 1).records
    rest = [each for each in found if each["decision_id"] != record["decision_id"]][:MOST]
    ordered = sorted([*rest, record], key=lambda each: str(each["decision_id"]))
    return Others(
        [_line(each, record, language) for each in rest],
        [_line(each, record, language) for each in ordered],
        _chart(ordered, record, language),
    )


def chain(log: DecisionLog, record: Record, language: Language) -> list[Line]:
    """The decisions that took each other's place up to this one and from it, oldest first.

    Empty where this one stands alone.
    """
    before = _followed(log, record, "supersedes")
    after = _followed(log, record, "superseded_by")
    linked = [*reversed(before), record, *after]
    return [_line(each, record, language) for each in linked] if len(linked) > 1 else []


def _followed(log: DecisionLog, record: Record, link: str) -> list[Record]:
    """The records that one leads to by a link, and these in turn."""
    found: list[Record] = []
    following = record.get(link)
    while following is not None and len(found) < LINKS:
        linked = log.read(following)
        if linked is None:
            break
        found.append(linked)
        following = linked.get(link)
    return found


def _line(each: Record, record: Record, language: Language) -> Line:
    person = each["override_reason"]
    return Line(
        each["decision_id"],
        each["decision_id"] == record["decision_id"],
        each["decided_at"],
        each["as_of"],
        _target(each, language),
        each["score"]["probability"],
        each["score"]["stage"],
        level_told(each["intensity"]["level"], language),
        each["status"],
        each["actor"],
        "" if person is None else told(REASONS, person["code"], language),
        "" if person is None else person["text"] or "",
    )


def _chart(ordered: Sequence[Record], record: Record, language: Language) -> Chart:
    """Each target's probabilities from the oldest decision on, and this one among them."""
    series = [
        Series(name, [_probability(each, each["score"]["target"] == target) for each in ordered])
        for target in TARGETS
        for name in [LABELS[f"probability_{target}"].of(language)]
        if any(each["score"]["target"] == target for each in ordered)
    ]
    this = [_probability(each, each is record) for each in ordered]
    series.append(Series(LABELS["this_decision"].of(language), this, "points"))
    days = [formats.day(each["as_of"], language) for each in ordered]
    return over(days, series, Axis(LABELS["probability"].of(language), "percent", 0, 1))


def _probability(record: Record, shown: bool) -> float | None:
    return record["score"]["probability"] if shown else None


def _target(record: Record, language: Language) -> str:
    score = record["score"]
    lasting = "sustained_" if score.get("sustained") else ""
    return LABELS[f"probability_of_{lasting}{score['target']}"].of(language)
