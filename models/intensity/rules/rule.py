"""What a rule is: its source, and what it takes away."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from features.tables import CHANNELS, DIRECTIONS, OUTCOMES, PLACES
from models.intensity.ladder import Treatment

# How surely the cited source says it; `own` marks a rule of this product, read from no law.
Confidence = Literal["high", "medium-high", "medium", "own"]
# What is counted, as a decision's limits name it.
Counter = Literal[
    "dials",
    "unanswered_dials",
    "effective_calls",
    "conversations",
    "calls_and_texts",
    "visits",
    "contacts",
]
# Over what it is counted. `debtor` and `contact_point` take in the debtor's other accounts.
Per = Literal["account", "debtor", "contact_point"]

REACHED = ("conversation", "promise", "refused")  # outcomes of a talk with the debtor
UNKNOWN_PLACE = "unknown"
ANYWHERE = (*PLACES, UNKNOWN_PLACE)
# Contact by these happens at an hour of the debtor's day; a letter, a handover to an agency and
# a legal step do not.
TIMED = ("sms", "push", "email", "call", "visit")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """What every rule tells of itself; compared as the object that it is, which takes no time.

    `holds_for` says whose debts and contacts the source speaks of. `effective_from` is the first
    day, at the debtor's place, on which the rule holds; None: as long as known. `advisory`: a
    presumption, guideline or recommended standard, which binds only where the policy says so.
    """

    id: str
    citation: str
    confidence: Confidence
    holds_for: str
    effective_from: date | None = None
    advisory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cap(Rule):
    """Where it applies, the level is at most `cap` (4 takes no level away).

    `treatment` is what is to be done where the rule applies, None that of the level; `blocks` are
    the channels that the rule closes.
    """

    cap: int
    treatment: Treatment | None = None
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frequency(Rule):
    """At most `most` contacts of a kind within `days` consecutive calendar days.

    Days are those at the debtor's place, today included (`days` 1: today alone). A contact counts
    where its channel, direction, outcome and place are among those named. Once `most` are used
    up, the channels `blocks` are closed until the `most`-th newest has left the window.
    """

    counter: Counter
    per: Per
    days: int
    most: int
    channels: tuple[str, ...]
    blocks: tuple[str, ...]
    directions: tuple[str, ...] = ("out",)
    outcomes: tuple[str, ...] = OUTCOMES
    places: tuple[str, ...] = ANYWHERE

    @property
    def of_attempts(self) -> bool:
        """Whether every attempt counts, so that the rule bounds what may be planned at all."""
        return self.outcomes == OUTCOMES

    def __post_init__(self) -> None:
        """Codes that no contact has would make a rule that never counts anything."""
        assert set(self.channels) | set(self.blocks) <= set(CHANNELS)
        assert set(self.directions) <= set(DIRECTIONS)
        assert set(self.outcomes) <= set(OUTCOMES)
        assert set(self.places) <= set(ANYWHERE)
        assert self.days >= 1
        assert self.most >= 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hours(Rule):
    """Contact by `channels` from hour `start` until before hour `end`, at the debtor's place."""

    start: float
    end: float
    channels: tuple[str, ...] = TIMED


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Duty(Rule):
    """What those who make contact owe besides: `text` says it. Nothing is counted."""

    text: str
