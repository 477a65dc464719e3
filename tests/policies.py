"""Policies for tests: any sound one, and the packaged one with changes."""

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, get_args

from hypothesis import strategies as st

from models.intensity.ladder import (
    CHANNEL_OF_RESOURCE,
    LEVEL_NAMES,
    LOWEST_LEVEL_OF_CHANNEL,
    LOWEST_LEVEL_OF_TREATMENT,
    RESOURCES,
)
from models.intensity.policy import Policy, policy_content
from models.intensity.sections import HIGHEST_ODDS_RATIO, MOST_CONTACTS
from models.score.tier import TIERS, LateStage
from models.stage import STAGES

PACKAGED = policy_content()
DOCUMENT: dict[str, Any] = tomllib.loads(PACKAGED.decode())

_shares = st.floats(0, 1)
_money = st.floats(0, 1_000)
_margins = st.floats(0.001, 1)
_probabilities = st.floats(0.01, 0.99)
_uses = st.floats(0.001, 1_000)
_ratios = st.lists(
    st.one_of(st.just(1.0), st.floats(1 / HIGHEST_ODDS_RATIO, HIGHEST_ODDS_RATIO)),
    min_size=len(LEVEL_NAMES) - 1,
    max_size=len(LEVEL_NAMES) - 1,
)


def packaged_with(changes: Mapping[str, Any]) -> Policy:
    """The packaged policy with `changes`: tables are merged, all else is replaced.

    So {"stages": {"M1": {"highest": "none"}}} changes that one level. `Policy.model_copy` would
    neither check what changes nor count the numbers anew.
    """
    return Policy.model_validate(_merged(DOCUMENT, changes))


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = deepcopy(dict(base))
    for key, new in changes.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            merged[key] = _merged(old, new)
        else:
            merged[key] = new
    return merged


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any sound policy, as far as the level depends on it; it lists the packaged currencies."""
    return Policy.model_validate(
        DOCUMENT
        | {
            "valid_days": draw(st.integers(1, 31)),
            "advisory_rules": draw(st.sampled_from(["apply", "tell"])),
            "tiers": draw(_tiers()),
            "value": {
                "annoyance_per_contact": draw(_money),
                "cure": {
                    "of": draw(st.sampled_from(["past_due", "balance"])),
                    "margin": draw(_margins),
                },
                "early_warning": {"of": "balance", "margin": draw(_margins)},
            },
            "ladder": {name: draw(_rung(level)) for level, name in enumerate(LEVEL_NAMES)},
            "stages": {stage: draw(_bounds()) for stage in STAGES},
            "response": {
                "source": "drawn at random",
                "logging": {stage: draw(_logging()) for stage in STAGES},
                "odds_ratios": {stage: {tier: draw(_ratios) for tier in TIERS} for stage in STAGES},
            },
        }
    )


@st.composite
def _tiers(draw: st.DrawFn) -> dict[str, Any]:
    pairs = st.lists(_probabilities, min_size=2, max_size=2, unique=True).map(sorted)
    cuts = [draw(pairs), draw(pairs)]
    return {
        "cure": {"high_below": cuts[0][0], "low_from": cuts[0][1]},
        "early_warning": {"high_below": cuts[1][0], "low_from": cuts[1][1]},
        "doubtful": {
            "stage_from": draw(st.sampled_from(get_args(LateStage))),
            "probability_below": draw(st.floats(0.001, cuts[0][0])),
            "amount_from": draw(_money),
        },
    }


@st.composite
def _rung(draw: st.DrawFn, level: int) -> dict[str, Any]:
    if level == 0:
        return DOCUMENT["ladder"]["none"]  # type: ignore[no-any-return]
    possible = [c for c, lowest in LOWEST_LEVEL_OF_CHANNEL.items() if lowest <= level]
    channels = draw(
        st.lists(st.sampled_from(possible), min_size=1, unique=True).filter(
            lambda chosen: chosen[0] != "visit"
        )
    )
    fitting = [t for t, lowest in LOWEST_LEVEL_OF_TREATMENT.items() if 1 <= lowest <= level]
    usable = [r for r in RESOURCES if CHANNEL_OF_RESOURCE.get(r, channels[0]) in channels]
    return {
        "treatment": draw(st.sampled_from(fitting)),
        "contacts_per_week": {c: draw(st.floats(0.01, MOST_CONTACTS)) for c in channels},
        "unit_cost": draw(_money),
        "use_per_week": draw(st.dictionaries(st.sampled_from(usable), _uses))
        | {r: draw(_uses) for r, channel in CHANNEL_OF_RESOURCE.items() if channel in channels},
    }


@st.composite
def _bounds(draw: st.DrawFn) -> dict[str, str]:
    levels = st.integers(0, len(LEVEL_NAMES) - 1)
    lowest, highest = sorted(draw(st.tuples(levels, levels)))
    return {"lowest": LEVEL_NAMES[lowest], "highest": LEVEL_NAMES[highest]}


@st.composite
def _logging(draw: st.DrawFn) -> list[float]:
    weights = draw(
        st.lists(_shares, min_size=len(LEVEL_NAMES), max_size=len(LEVEL_NAMES)).filter(
            lambda weights: sum(weights) > 0.001
        )
    )
    return [weight / sum(weights) for weight in weights]
