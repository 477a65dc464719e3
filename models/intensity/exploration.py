"""Exploration: which accounts are drawn, to which arm and level, and how likely that was.

A draw is a number from 0, included, to 1: the first 53 of the 64 bits that BLAKE2b (RFC 7693),
keyed with the experiment's key, makes of what is drawn for whom. So nobody who does not know the
key can foretell a draw, whoever does can make it again (docs/policy.md), and none depends on
another account. Arm and level are drawn anew for each cycle: an account that stayed in its arm
would in time be known by it from its history, and its chances given that would be others.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Literal, NamedTuple, get_args

import numpy as np

from features.errors import InputError
from models.decision import Arm
from models.intensity.ladder import INTENSIVE, LEVELS
from models.intensity.numbers import Flags, Floats, Indices
from models.intensity.policy import Policy
from models.intensity.sections import Exploration

ARMS: tuple[Arm, ...] = get_args(Arm)
ORDINARY, EXPLORE, CHALLENGER = (ARMS.index(arm) for arm in ("ordinary", "explore", "challenger"))
HIGHEST_DRAWN = INTENSIVE  # what a person has to approve is never a matter of chance
REACH = 1  # levels that a drawn one may lie from the recommended one

# What a challenger has to share with the policy: facts, rules and prices are those of both.
SHARED = ("advisory_rules", "currencies", "promise_grace_days", "treatment", "valid_days")

_DECIMALS = 12  # of a chance that is told: 0.8, not 0.7999999999999999
_BYTES = 8
_BITS = 53  # as many as a float holds

_LEVELS = np.arange(len(LEVELS))
_NAMES = tuple(map(str, LEVELS))
_CERTAIN = [dict(zip(_NAMES, row, strict=True)) for row in np.eye(len(LEVELS)).tolist()]


class Drawn(NamedTuple):
    """What n accounts were drawn to.

    `experiment` [n] names it, None for an account that takes no part; `arm` [n] is the position
    in ARMS. `level` [n] is the one given; that of an account in the challenger's arm is the
    challenger's. `propensities` [n] are the probabilities of each level before any draw.
    `replaced` [n] are the levels that a person's took the place of; None where nobody gave any.
    """

    experiment: list[str | None]
    arm: Indices
    level: Indices
    propensities: list[dict[str, float]]
    replaced: Indices | None = None

    def given(self, level: Indices) -> "Drawn":
        """The same draw, but for the levels [n], which a person gives."""
        return self._replace(level=level, replaced=self.level)

    def only(self, rows: Indices) -> "Drawn":
        """Those accounts alone, by position."""
        experiment, propensities = (
            [column[i] for i in rows.tolist()] for column in (self.experiment, self.propensities)
        )
        replaced = None if self.replaced is None else self.replaced[rows]
        return Drawn(experiment, self.arm[rows], self.level[rows], propensities, replaced)


class Open(NamedTuple):
    """What may be drawn for n accounts.

    `account_id` [n] and `cycle` [n], a whole number that names the cycle, are what is drawn for;
    `joins` [n] says whom no flag and no hold keeps out. `recommended` [n] is the level without
    exploration, `left` [n × 5] are the levels that the rules and the stage's bounds leave.
    `challenger` [n] are the levels that a challenger recommends, None without one.
    """

    account_id: Sequence[str]
    cycle: Indices
    joins: Flags
    recommended: Indices
    left: Flags
    challenger: Indices | None


def undrawn(level: Indices) -> Drawn:
    """Accounts of which none takes part."""
    n = len(level)
    return Drawn(
        [None] * n, np.full(n, ORDINARY), level, [dict(_CERTAIN[i]) for i in level.tolist()]
    )


def drawn(exploration: Exploration, given: Open) -> Drawn:
    """Draw the arm of each account and, in the arm explore, its level.

    An account to which level 4 is recommended, be it by the challenger, takes no part: chance
    leads neither to that level nor from it.
    """
    other = given.recommended if given.challenger is None else given.challenger
    both = np.maximum(given.recommended, other)
    rows = np.flatnonzero(given.joins & (both <= HIGHEST_DRAWN))
    part = _Part(
        given.recommended[rows],
        other[rows],
        _possible(given, rows),
        exploration.share,
        0.0 if given.challenger is None else exploration.challenger_share,
    )
    cycles = given.cycle[rows].tolist()
    names = [f"{given.account_id[i]}\n{c}" for i, c in zip(rows.tolist(), cycles, strict=True)]
    arm = _arms(part, draws(exploration, "arm", names))
    level = np.where(arm == CHALLENGER, part.challenger, part.recommended)
    places = np.flatnonzero(arm == EXPLORE)
    of_places = (names[i] for i in places.tolist())
    level[places] = _chosen(part.possible[places], draws(exploration, "level", of_places))
    found = undrawn(given.recommended.copy())
    found.arm[rows], found.level[rows] = arm, level
    for i, chances in zip(rows.tolist(), _chances(part).tolist(), strict=True):
        found.experiment[i] = exploration.experiment
        found.propensities[i] = dict(zip(_NAMES, chances, strict=True))
    return found


class _Part(NamedTuple):
    """Those who take part: two levels of each, those that may be drawn, the arms' shares."""

    recommended: Indices
    challenger: Indices
    possible: Flags  # [rows × 5]
    share: float
    challenger_share: float


def _arms(part: _Part, v: Floats) -> Indices:
    """The arm that each v falls on."""
    return np.where(
        v < part.share,
        EXPLORE,
        np.where(v < part.share + part.challenger_share, CHALLENGER, ORDINARY),
    )


def _chances(part: _Part) -> Floats:
    """The probability of each level over all draws [rows × 5]."""
    own, other = (each[:, None] == _LEVELS for each in (part.recommended, part.challenger))
    ordinary = 1.0 - part.share - part.challenger_share
    chances: Floats = part.share * part.possible / part.possible.sum(axis=1, keepdims=True)
    chances += ordinary * own + part.challenger_share * other
    return chances.round(_DECIMALS)


def draws(exploration: Exploration, what: Literal["arm", "level"], names: Iterable[str]) -> Floats:
    """The draw of each name: an account's id, followed by a line with its cycle."""
    # BLAKE2b takes keys of at most 64 bytes.
    key = blake2b(exploration.key.encode()).digest()
    start = blake2b(f"{what}\n{exploration.experiment}\n".encode(), digest_size=_BYTES, key=key)
    digests = bytearray()
    for name in names:
        draw = start.copy()
        draw.update(name.encode())
        digests += draw.digest()
    numbers = np.frombuffer(digests, ">u8").astype(np.uint64) >> np.uint64(8 * _BYTES - _BITS)
    return numbers.astype(np.float64) * 2.0**-_BITS


def _possible(given: Open, rows: Indices) -> Flags:
    """The levels [rows × 5] that may be drawn; the recommended one is always among them."""
    steps = np.abs(_LEVELS - given.recommended[rows, None])
    near = (steps <= REACH) & (_LEVELS <= HIGHEST_DRAWN) & given.left[rows]
    possible: Flags = near | (steps == 0)
    return possible


def _chosen(possible: Flags, u: Floats) -> Indices:
    """The possible level that each u falls on, all being as likely."""
    place = np.floor(u * possible.sum(axis=1)) + 1
    level: Indices = np.argmax(possible.cumsum(axis=1) == place[:, None], axis=1)
    return level


def challenging(policy: Policy, challenger: Policy) -> None:
    """Refuse, by InputError, a challenger under which other rules or prices would hold."""
    for name in SHARED:
        if getattr(policy, name) != getattr(challenger, name):
            raise InputError(
                f"{name} of the challenger",
                "is not that of the policy, so that more than the levels would differ",
                "Make it the same in both policy files.",
            )
