"""What a policy says, as arrays for compiled code."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.clock import CYCLE_DAYS
from features.tables import CHANNELS
from models.intensity.ladder import RESOURCES, Resource, level_of
from models.intensity.sections import Rung, Sections
from models.stage import STAGES

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]

WEEKS = CYCLE_DAYS / 7  # of a cycle: a level is chosen for a cycle
NO_CHANNEL = -1


class Numbers(NamedTuple):
    """A policy's numbers: levels 0 to 4, stages, tiers, targets and channels by their numbers.

    Amounts and costs are in the policy's unit; costs and uses are of one cycle.
    """

    odds_ratio: Floats  # [5 stages, 4 tiers, 5 levels], assumed, against level none: 1 there
    estimated: Flags  # [5 stages, 5 levels]: each account's estimated odds ratio holds instead
    logging: Floats  # [5 stages, 5 levels], shares of ordinary contact; a row sums to 1
    cost: Floats  # [5 levels], annoyance included
    use: Floats  # [5 levels, 3], in the order of RESOURCES
    lowest: Indices  # [5 stages], level
    highest: Indices  # [5 stages], level
    low_from: Floats  # [2 targets], least probability of low risk
    high_below: Floats  # [2 targets], probability below which risk is high
    doubtful: Floats  # [3]: earliest stage, probability below, least amount past due
    margin: Floats  # [2 targets], share of the amount that reaching the target is worth
    of_balance: Flags  # [2 targets]: the amount is the balance, else what is past due
    main: Indices  # [5 levels], number in CHANNELS of the main channel; -1 at level none
    main_per_week: Floats  # [5 levels], contacts a week by the main channel
    valid_days: int


def numbers_of(policy: Sections, estimated: Flags | None = None) -> Numbers:
    """The numbers of a sound policy.

    `estimated` [5 stages, 5 levels] says where there are estimated effects; None: nowhere.
    """
    rungs = policy.ladder.rungs
    worth = policy.value
    thresholds = (policy.tiers.cure, policy.tiers.early_warning)
    doubtful = policy.tiers.doubtful
    bounds = policy.stages.parts
    ratios = [[(1.0, *row) for row in tiers.parts] for tiers in policy.response.odds_ratios.parts]
    logging = np.array(policy.response.logging.parts, dtype=np.float64)
    nowhere = np.zeros(logging.shape, np.bool_)
    return Numbers(
        odds_ratio=np.array(ratios, dtype=np.float64),
        estimated=nowhere if estimated is None else np.ascontiguousarray(estimated, np.bool_),
        # The shares may miss 1 by what decimals cannot say.
        logging=logging / logging.sum(axis=1, keepdims=True),
        cost=np.array([_cost(rung, worth.annoyance_per_contact) for rung in rungs]),
        use=np.array([[_use(rung, resource) for resource in RESOURCES] for rung in rungs]),
        lowest=np.array([level_of(bound.lowest) for bound in bounds], dtype=np.int64),
        highest=np.array([level_of(bound.highest) for bound in bounds], dtype=np.int64),
        low_from=np.array([cuts.low_from for cuts in thresholds]),
        high_below=np.array([cuts.high_below for cuts in thresholds]),
        doubtful=np.array(
            [
                float(STAGES.index(doubtful.stage_from)),
                doubtful.probability_below,
                doubtful.amount_from,
            ]
        ),
        margin=np.array([worth.cure.margin, worth.early_warning.margin], dtype=np.float64),
        of_balance=np.array([worth.cure.of == "balance", worth.early_warning.of == "balance"]),
        main=np.array([_main(rung) for rung in rungs], dtype=np.int64),
        main_per_week=np.array(
            [float(next(iter(rung.contacts_per_week.values()), 0.0)) for rung in rungs]
        ),
        valid_days=policy.valid_days,
    )


def idle(lowest: Indices, use: Floats) -> Indices:
    """For each of these levels the highest at or below it that uses no resource.

    What is left of the stages' lowest levels where capacity does not suffice for them.
    """
    free = np.where((use > 0).any(axis=1), 0, np.arange(len(use)))
    at_or_below: Indices = np.maximum.accumulate(free)
    return at_or_below[lowest]


def _cost(rung: Rung, annoyance: float) -> float:
    contacts = sum(rung.contacts_per_week.values()) * WEEKS
    return float(contacts * (rung.unit_cost + annoyance))


def _use(rung: Rung, resource: Resource) -> float:
    return float(rung.use_per_week.get(resource, 0.0) * WEEKS)


def _main(rung: Rung) -> int:
    return CHANNELS.index(rung.channels[0]) if rung.channels else NO_CHANNEL
