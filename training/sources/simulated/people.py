"""Debtors: where they live, and what is hidden about them, which drifts and breaks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

SHARED_DEBTOR = 0.12  # share of accounts whose debtor also has the account before

# Jurisdiction, time zone, share of debtors.
PLACES = (
    ("US", "America/New_York", 0.20),
    ("US", "America/Chicago", 0.16),
    ("US", "America/Denver", 0.06),
    ("US", "America/Los_Angeles", 0.14),
    ("US-NY-NYC", "America/New_York", 0.08),
    ("US-MA", "America/New_York", 0.06),
    ("CN", "Asia/Shanghai", 0.16),
    ("GB", "Europe/London", 0.14),
)
ZONES = tuple(sorted({zone for _, zone, _ in PLACES}))
ZONE_OF_PLACE = np.array([ZONES.index(zone) for _, zone, _ in PLACES])

TRAIT = 0.8  # standard deviation of what never changes in willingness and in ability
DRIFT = 0.6  # of what changes, from month to month with this memory:
MEMORY = 0.9

JOB_LOSS, JOB_FOUND, JOB_EFFECT = 0.008, 0.2, -1.8  # per month; on ability
GRIEVANCE, GRIEVANCE_OVER, GRIEVANCE_EFFECT = 0.005, 0.3, -1.5  # per month; on willingness


@dataclass
class People:
    """The debtors of a chunk, one entry per debtor; `account` gives each account's debtor.

    The traits lie in 0 to 1. `income` is monthly, in units of the currency.
    """

    account: Indices
    place: Indices
    income: Floats
    forgetfulness: Floats
    reachability: Floats
    avoidance: Floats
    willingness_trait: Floats
    ability_trait: Floats
    willingness_drift: Floats
    ability_drift: Floats
    out_of_work: Flags
    aggrieved: Flags

    @property
    def willingness(self) -> Floats:
        """Willingness of each account's debtor now."""
        now = self.willingness_trait + self.willingness_drift + GRIEVANCE_EFFECT * self.aggrieved
        return now[self.account]

    @property
    def ability(self) -> Floats:
        """Ability of each account's debtor now."""
        return (self.ability_trait + self.ability_drift + JOB_EFFECT * self.out_of_work)[
            self.account
        ]


def draw_people(rng: np.random.Generator, accounts: int) -> People:
    """Debtors for that many accounts, each debtor's accounts next to each other."""
    new = rng.random(accounts) >= SHARED_DEBTOR
    new[:1] = True
    n = int(new.sum())
    shares = np.array([share for _, _, share in PLACES])
    willingness = rng.normal(0, TRAIT, n)
    ability = rng.normal(0, TRAIT, n)
    return People(
        account=np.cumsum(new) - 1,
        place=rng.choice(len(PLACES), n, p=shares / shares.sum()),
        income=np.rint(np.exp(rng.normal(8.2, 0.45, n) + 0.15 * ability)),
        forgetfulness=rng.beta(1.2, 2.4, n),
        reachability=rng.beta(3.0, 4.5, n),
        avoidance=rng.beta(1.2, 3.0, n),
        willingness_trait=willingness,
        ability_trait=ability,
        willingness_drift=rng.normal(0, DRIFT, n),
        ability_drift=rng.normal(0, DRIFT, n),
        out_of_work=rng.random(n) < JOB_LOSS / JOB_FOUND,
        aggrieved=rng.random(n) < GRIEVANCE / GRIEVANCE_OVER,
    )


def live_on(rng: np.random.Generator, people: People) -> None:
    """One month passes: moods and means drift, jobs are lost and found."""
    n = len(people.income)
    fresh = DRIFT * np.sqrt(1 - MEMORY**2)
    people.willingness_drift = MEMORY * people.willingness_drift + rng.normal(0, fresh, n)
    people.ability_drift = MEMORY * people.ability_drift + rng.normal(0, fresh, n)
    hazard = JOB_LOSS * np.exp(-0.5 * people.ability_trait)
    people.out_of_work = _switched(rng, people.out_of_work, hazard, JOB_FOUND)
    people.aggrieved = _switched(rng, people.aggrieved, np.full(n, GRIEVANCE), GRIEVANCE_OVER)


def _switched(rng: np.random.Generator, on: Flags, start: Floats, end: float) -> Flags:
    u = rng.random(len(on))
    return np.where(on, u >= end, u < start)
