"""One decision: the score, its reasons and the level, as they are recorded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

Status = Literal["proposed", "effective", "superseded"]
ChangeKind = Literal["probability", "amount", "price", "days", "rule"]
ResponseModel = Literal["assumed", "estimated"]
Arm = Literal["ordinary", "explore", "challenger"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A feature's share of the score, in log-odds; `value` is None where it is not known.

    The calibration's offset for the stage is told likewise, as feature `stage_offset`.
    """

    feature: str
    group: str
    value: float | None
    unit: str
    contribution: float


class ReasonName(NamedTuple):
    """What a reason is about: a feature, its group and the unit of its value."""

    feature: str
    group: str
    unit: str


@dataclass(frozen=True, slots=True, eq=False)
class Reasons(Sequence[Reason]):
    """The reasons of one decision, largest share first, as arrays [r] that are not to be written.

    `feature` are positions in `names`, which decisions of one bundle share; `value` is NaN where
    it is not known, `contribution` is in log-odds. Each is told as a Reason where it is asked for.
    """

    feature: NDArray[np.uint16]
    value: NDArray[np.float64]
    contribution: NDArray[np.float64]
    names: tuple[ReasonName, ...]

    def __len__(self) -> int:
        return len(self.feature)

    @overload
    def __getitem__(self, at: int) -> Reason: ...
    @overload
    def __getitem__(self, at: slice) -> "Reasons": ...
    def __getitem__(self, at: int | slice) -> "Reason | Reasons":
        if isinstance(at, slice):
            return Reasons(self.feature[at], self.value[at], self.contribution[at], self.names)
        value, contribution = float(self.value[at]), float(self.contribution[at])
        return _reason(self.names[self.feature[at]], value, contribution)

    def __iter__(self) -> Iterator[Reason]:
        names = map(self.names.__getitem__, self.feature.tolist())
        return map(_reason, names, self.value.tolist(), self.contribution.tolist())

    def __eq__(self, other: object) -> bool:
        """Whether both tell the same, whatever else their bundles name."""
        return isinstance(other, Reasons) and tuple(self) == tuple(other)


def _reason(name: ReasonName, value: float, contribution: float) -> Reason:
    known = None if value != value else value
    return Reason(name.feature, name.group, known, name.unit, contribution)


@dataclass(frozen=True, slots=True)
class Score:
    """The calibrated probability of `target` and what it is made of.

    `base_log_odds` plus the contributions of all reasons and `other_contributions` is
    `log_odds`, to 1e-6; a `sustained` cure is one that lasts (models.target). `ability` and
    `willingness` are percentiles (0 to 100) of the training population, which treatments may use
    only where `standing_valid`.
    """

    target: str
    probability: float
    log_odds: float
    base_log_odds: float
    horizon_cycles: int
    stage: str
    tier: str
    ability: float
    willingness: float
    sustained: bool
    standing_valid: bool


class BindingRule(NamedTuple):
    """A rule that took a level, a channel or a time away."""

    rule: str
    citation: str
    took_away: str


class Limit(NamedTuple):
    """A rule that counts: `used` of at most `max` contacts of its kind within its window."""

    counter: str
    per: str
    window: str
    max: int
    used: int
    rule: str


class Level(NamedTuple):
    """One level of the ladder as it was weighed.

    `probability` of the target under this level; `value` is what it adds to no contact, `cost`
    what it costs, `price` what the resources it uses are worth elsewhere, `net` = value - cost -
    price, all in the account's currency. `taken_by`: the rule or bound that took the level away.
    `estimated`: the level's effect comes from assignments, and `effect_low` and `effect_high` are
    the 95% bounds of what the level adds to the probability; else it is assumed, the bounds are
    None, and `assumed_because` is the code of the reason. Level 0, which has no effect, is neither.
    """

    level: int
    probability: float
    value: float
    cost: float
    price: float
    net: float
    allowed: bool
    taken_by: str | None
    estimated: bool = False
    effect_low: float | None = None
    effect_high: float | None = None
    assumed_because: str | None = None


class Change(NamedTuple):
    """A change of one thing alone that would alter the level, the smallest of its kind.

    `kind` is probability, amount, price, days or rule; `subject` names the resource of a price
    and the rule of a rule. At `to` (None for a rule: without it) the level is `level`, between
    `was` and `to` it stays.
    """

    kind: ChangeKind
    subject: str | None
    was: float | None
    to: float | None
    level: int


class Intensity(NamedTuple):
    """The level chosen, what it allows, and what decided it.

    `because` is the code of the reason for the treatment (models.intensity.words). `rules_of`
    names the jurisdiction whose rules applied, `strictest` where none are known for the
    account's. `planned`: the level is that of the latest capacity plan, which the account's
    unchanged inputs were part of. `changes` holds the smallest change of each kind that alters
    the recommended level, the relatively smallest first; where another level was drawn, leaving
    the experiment is the only one. `response_model` is estimated where every level above none
    that the stage may get is.

    `recommended` is the level without exploration, of the policy that decided. `arm` is the one
    that the account is in; `experiment` names what it was drawn for, None where it takes no part.
    `propensities` are the probabilities with which the account would be given each level, "0" to
    "4", before it is drawn to an arm and a level; they sum to 1.
    """

    level: int
    name: str
    treatment: str
    because: str
    channels: tuple[str, ...]
    needs_approval: bool
    levels: tuple[Level, ...]
    binding_rules: tuple[BindingRule, ...]
    limits: tuple[Limit, ...]
    earliest_contact_at: str | None
    runner_up: int | None
    changes: tuple[Change, ...]
    response_model: ResponseModel
    rules_of: str
    planned: bool
    recommended: int
    arm: Arm
    experiment: str | None
    propensities: dict[str, float]
    plan: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one account at `as_of`, before it is given an id and recorded.

    Instants are ISO 8601 with offset. `reasons` is ordered by contribution, largest first;
    `other_contributions` is the sum (log-odds) of those that it leaves out.
    """

    account_id: str
    as_of: str
    valid_until: str
    data_age_days: float
    currency: str
    status: Status
    score: Score
    reasons: Reasons
    other_contributions: float
    intensity: Intensity
    versions: dict[str, str | None] = field(default_factory=dict)
