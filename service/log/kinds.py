"""The kind of a decision: its treatment, stage, tier, level, status and bundle as one integer.

Indexes of (kind, decision) serve a search by any of them, alone or together: the kinds that meet
the conditions are few, and the newest decisions of each lie side by side. A decision is recorded
as proposed or as effective; that it was superseded stands in a table of its own, with the kind that
it has since. Kinds are stored, so their layout never changes: 3 bits of treatment (0: none that is
known here), 3 of stage, 3 of tier, 3 of level, 2 of status, 1 kept free, then the first 48 bits of
the bundle's SHA-256.
"""

import re
from typing import NamedTuple

_TREATMENTS = {
    "wait": 1,
    "remind": 2,
    "negotiate": 3,
    "offer_plan": 4,
    "hardship_review": 5,
    "trace": 6,
    "escalate": 7,
}
_STAGES = {"pre_due": 0, "M1": 1, "M2": 2, "M3": 3, "M4+": 4}
_TIERS = {"low": 0, "medium": 1, "high": 2, "doubtful": 3}
_STATUSES = {"proposed": 0, "effective": 1, "superseded": 2}
# The bit at which each begins, above the bundle's.
_TREATMENT, _STAGE, _TIER, _LEVEL, _STATUS = 60, 57, 54, 51, 49
_STATUS_BITS = 0b11 << _STATUS
# What the kind of a superseded decision is more than the one it was recorded with, either way.
SINCE_RECORDED = tuple(
    (_STATUSES["superseded"] - _STATUSES[status]) << _STATUS for status in ("proposed", "effective")
)
_DIGITS = 12  # of the bundle's SHA-256, hexadecimal
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Kinds(NamedTuple):
    """Those kinds of which `kind & mask == value`."""

    mask: int
    value: int

    @property
    def status(self) -> str | None:
        """The status that is asked for, None where any will do."""
        if not self.mask & _STATUS_BITS:
            return None
        at = (self.value & _STATUS_BITS) >> _STATUS
        return next(name for name, number in _STATUSES.items() if number == at)

    def of_any_status(self) -> "Kinds":
        """The same, whatever the status."""
        return Kinds(self.mask & ~_STATUS_BITS, self.value & ~_STATUS_BITS)


def kind_of(
    stage: str, tier: str, level: int, status: str, bundle_sha256: str, treatment: str
) -> int:
    """The kind of a decision."""
    return (
        _TREATMENTS.get(treatment, 0) << _TREATMENT
        | _STAGES[stage] << _STAGE
        | _TIERS[tier] << _TIER
        | level << _LEVEL
        | _STATUSES[status] << _STATUS
        | int(bundle_sha256[:_DIGITS], 16)
    )


def superseded_kind(kind: int) -> int:
    """What the kind of a decision is once another has superseded it."""
    return kind & ~_STATUS_BITS | _STATUSES["superseded"] << _STATUS


def kinds(
    stage: str | None = None,
    tier: str | None = None,
    level: int | None = None,
    status: str | None = None,
    model: str | None = None,
    treatment: str | None = None,
) -> Kinds | None:
    """The kinds that meet these conditions, None being no condition; None where none can.

    `model` is a bundle's SHA-256.
    """
    if model is not None and not _SHA256.fullmatch(model):
        return None
    told = (
        (_TREATMENT, 0b111, None if treatment is None else _TREATMENTS[treatment]),
        (_STAGE, 0b111, None if stage is None else _STAGES[stage]),
        (_TIER, 0b111, None if tier is None else _TIERS[tier]),
        (_LEVEL, 0b111, level),
        (_STATUS, 0b11, None if status is None else _STATUSES[status]),
        (0, (1 << 4 * _DIGITS) - 1, None if model is None else int(model[:_DIGITS], 16)),
    )
    given = [(at, bits, value) for at, bits, value in told if value is not None]
    return Kinds(
        sum(bits << at for at, bits, _ in given), sum(value << at for at, _, value in given)
    )
