"""The history that a decision was made on: its charts, their numbers, and what happened when."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from models.intensity.words.catalogue import told
from models.intensity.words.names import CHANNEL_NAMES
from models.score.reasons import Language
from models.stage import LAST_DAY
from service.review import formats
from service.review.charts import Axis, Chart, Series, over
from service.review.decision.cycles import Cycle, Cycles, Event, cycles_of, was_reversed
from service.review.labels.catalogue import LABELS

MOST = 100  # events in the table, the last ones
WIDTH, HEIGHT = 600, 28  # of the box of a lane
_REACHED = ("conversation", "promise", "refused")  # outcomes by which the debtor was spoken to


class Told(NamedTuple):
    """A payment or contact in words; `at` is ISO 8601 at the debtor's place."""

    at: str
    what: str
    details: str


class Lane(NamedTuple):
    """What happened of one kind along the time, as paths of SVG: plain strokes, and faint ones.

    A lane whose numbers stand in a chart is for paper alone, which has no charts.
    """

    name: str
    plain: str
    faint: str
    on_paper: bool


class History(NamedTuple):
    """What a page shows of a history."""

    cycles: list[Cycle]
    names: list[str]
    delinquency: Chart
    payments: Chart
    lanes: list[Lane]
    events: list[Told]
    more_events: int
    left_out: int
    payments_known: bool
    contacts_known: bool


def history(body: Any, language: Language) -> History:
    """The history in a body that was decided on (service.bodies.inputs.decided_on)."""
    found, currency = cycles_of(body), body.account.currency
    names = [_name(cycle, language) for cycle in found.cycles]
    latest = found.events[::-1][:MOST]
    return History(
        cycles=found.cycles,
        names=names,
        delinquency=_delinquency(found.cycles, names, currency, language),
        payments=_payments(found.cycles, names, currency, language),
        lanes=_lanes(found, body, language),
        events=[_told(event, body, language) for event in latest],
        more_events=len(found.events) - len(latest),
        left_out=found.left_out,
        payments_known=body.payments is not None,
        contacts_known=body.contacts is not None,
    )


def _name(cycle: Cycle, language: Language) -> str:
    if cycle.is_open:
        return formats.day(cycle.until, language)
    return formats.month(cycle.until.isoformat(), language)


def _delinquency(
    cycles: Sequence[Cycle], names: Sequence[str], currency: str, language: Language
) -> Chart:
    days = [cycle.days_past_due for cycle in cycles]
    most = max((each for each in days if each is not None), default=0)
    balance = [cycle.balance for cycle in cycles]
    ends = LAST_DAY[1:]  # beyond each the next stage begins
    shown = [end for i, end in enumerate(ends) if i == 0 or most > ends[i - 1]]
    guide = _label("stage_ends", language)
    return over(
        names,
        [
            Series(_label("days_past_due", language), days, colour=1),
            Series(_label("balance", language), balance, colour=0, axis="right"),
            *(
                Series(guide.format(days=end), [end] * len(names), colour=5, dashed=True)
                for end in shown
            ),
        ],
        Axis(_label("days_past_due", language), "count", low=0),
        Axis(f"{_label('balance', language)} ({currency})", "money"),
    )


def _payments(
    cycles: Sequence[Cycle], names: Sequence[str], currency: str, language: Language
) -> Chart:
    def series(name: str, values: Iterable[float | None], colour: int, axis: Any) -> Series:
        # Nothing is drawn for none.
        marked = [value or None for value in values]
        return Series(_label(name, language), marked, "points", colour, axis)

    return over(
        names,
        [
            Series(_label("history_due", language), [c.due for c in cycles], "bar", 5),
            Series(_label("history_paid", language), [c.paid for c in cycles], "bar", 2),
            series("history_received", (c.received for c in cycles), 0, "left"),
            series("history_out", (c.outward for c in cycles), 1, "right"),
            series("history_in", (c.inward for c in cycles), 3, "right"),
        ],
        Axis(currency, "money", low=0),
        Axis(_label("history_contacts", language), "count", low=0),
    )


def _told(event: Event, body: Any, language: Language) -> Told:
    at, row = event.at.isoformat(), event.body
    if event.kind == "payment":
        amount = formats.money(row.amount, language, body.account.currency)
        what = f"{_label('history_payment', language)} {amount}"
        back = was_reversed(event, body.as_of)
        return Told(at, what, _label("history_taken_back", language) if back else "")
    channel = told(CHANNEL_NAMES, row.channel, language)
    outcome = _label(f"outcome_{row.outcome}", language)
    what = f"{_label(f'contact_{row.direction}', language)} · {channel} · {outcome}"
    return Told(at, what, _join(_details(event, body, language), language))


def _details(event: Event, body: Any, language: Language) -> list[str]:
    row, said = event.body, []
    if event.elsewhere:
        said.append(_label("history_elsewhere", language))
    if row.reason is not None:
        reason = _label(f"reason_{row.reason}", language)
        said.append(f"{_label('late_because', language)}: {reason}")
    if row.promised_amount is not None:
        amount = formats.money(row.promised_amount, language, body.account.currency)
        said.append(f"{_label('promised_amount', language)}: {amount}")
    if row.promised_on is not None:
        day = formats.day(row.promised_on, language)
        said.append(f"{_label('promised_on', language)}: {day}")
    if row.appointment_at is not None:
        at = row.appointment_at.astimezone(ZoneInfo(body.account.timezone)).isoformat()
        said.append(f"{_label('appointment', language)}: {formats.instant(at, language)}")
    if row.place is not None:
        said.append(f"{_label('place', language)}: {_label(f'place_{row.place}', language)}")
    return said


def _lanes(found: Cycles, body: Any, language: Language) -> list[Lane]:
    zone = ZoneInfo(body.account.timezone)
    first = datetime.combine(found.since, time.max, zone).timestamp()
    span: float = body.as_of.timestamp() - first

    def place(at: datetime) -> float:
        return WIDTH * (at.timestamp() - first) / span

    ends = [
        body.as_of if c.is_open else datetime.combine(c.until, time.max, zone) for c in found.cycles
    ]
    at = [place(end) for end in ends]
    lines: list[tuple[str, list[float | None]]] = [
        ("days_past_due", [cycle.days_past_due for cycle in found.cycles]),
        ("balance", [cycle.balance for cycle in found.cycles]),
    ]
    drawn = [
        Lane(_label(name, language), line(at, values), "", on_paper=True) for name, values in lines
    ]
    for name, events in (
        ("history_payments", [each for each in found.events if each.kind == "payment"]),
        ("history_out", _directed(found.events, "out")),
        ("history_in", _directed(found.events, "in")),
    ):
        plain = _strokes(place(each.at) for each in events if _counts(each, body.as_of))
        faint = _strokes(place(each.at) for each in events if not _counts(each, body.as_of))
        if events:
            drawn.append(Lane(_label(name, language), plain, faint, on_paper=False))
    return drawn


def _directed(events: Iterable[Event], direction: str) -> list[Event]:
    return [e for e in events if e.kind == "contact" and e.body.direction == direction]


def _counts(event: Event, as_of: datetime) -> bool:
    """Whether money stayed, or the debtor was spoken to."""
    if event.kind == "payment":
        return not was_reversed(event, as_of)
    return event.body.outcome in _REACHED


def _strokes(places: Iterable[float]) -> str:
    """An upright stroke at each place; those that fall together are one."""
    seen = dict.fromkeys(f"{place:.1f}" for place in places)
    return "".join(f"M{x} 3V{HEIGHT - 3}" for x in seen)


def line(at: Sequence[float], values: Sequence[float | None]) -> str:
    """The path of values from the lowest to the highest, with a gap where one is not known."""
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    path, move = [], "M"
    for x, value in zip(at, values, strict=True):
        if value is None:
            move = "M"
            continue
        part = (value - low) / (high - low) if high > low else 0.5
        path.append(f"{move}{x:.1f} {HEIGHT - 3 - part * (HEIGHT - 6):.1f}")
        # A point between gaps is seen, too.
        path.append("h0.1" if move == "M" else "")
        move = "L"
    return "".join(path)


def _join(words: Sequence[str], language: Language) -> str:
    return ("; " if language == "en" else "；").join(words)


def _label(name: str, language: Language) -> str:
    return LABELS[name].of(language)
