"""The policy in force as its page tells it: ladder, bounds, tiers, worth, experiment, prices."""

from typing import Any

from models.generation import Generation
from models.intensity.ladder import LEVEL_NAMES, RESOURCES
from models.intensity.policy import Policy
from models.intensity.words.catalogue import told
from models.intensity.words.names import CHANNEL_NAMES, LEVELS, RESOURCE_NAMES, TREATMENT_NAMES
from models.score.reasons import Language
from models.stage import STAGES
from models.target import TARGETS
from service.readiness import Prices
from service.review import formats
from service.review.labels.catalogue import LABELS

Row = dict[str, Any]


def policy_view(generation: Generation, language: Language) -> Row:
    """What the policy in force does, part by part; amounts are in its own unit."""
    policy = generation.policy
    currency = next(iter(generation.bundles.values())).currency if generation.bundles else None
    return {
        **named(policy),
        "valid_days": policy.valid_days,
        "grace_days": policy.promise_grace_days,
        "advisory": policy.advisory_rules,
        "source": policy.response.source,
        "unit": None if currency is None else _amount(policy.rate(currency), currency, language),
        "ladder": [_rung(policy, level, language) for level in range(len(LEVEL_NAMES))],
        "stages": [_stage(policy, number, language) for number in range(len(STAGES))],
        "tiers": [_tier(policy, target, language) for target in TARGETS],
        "doubtful": _doubtful(policy, language),
        "worth": _worth(policy, language),
        "exploration": _exploration(policy, language),
    }


def named(policy: Policy) -> Row:
    """The policy's name and digests."""
    return {
        "name": policy.name,
        "sha256": policy.sha256,
        "estimate_sha256": policy.estimate_sha256,
    }


def prices_view(generation: Generation, prices: Prices | None, language: Language) -> Row | None:
    """The capacity plan in force: what resources are worth elsewhere; None: nothing is scarce."""
    if generation.plan is None or prices is None:
        return None
    terms = generation.plan.terms
    return {
        "run_id": terms.run_id,
        "as_of": terms.as_of.isoformat(),
        "decided_at": terms.decided_at.isoformat(),
        "age_days": formats.number(prices.age_days, language, 1),
        "valid_days": prices.valid_days,
        "stale": prices.stale,
        "fits": prices.fits,
        "keeps_minimum": terms.keeps_minimum,
        "n": formats.number(terms.n, language),
        "resources": [
            {
                "name": RESOURCE_NAMES[name].of(language),
                "price": formats.number(terms.prices[name], language, 4),
                "capacity": formats.number(terms.capacity[name], language, 1),
                "limited": terms.capacity[name] is not None,
                "use": formats.number(terms.use[name], language, 1),
            }
            for name in RESOURCES
        ],
    }


def level_name(level: int, language: Language) -> str:
    """A level's number and name, as `2 · call`."""
    return f"{level} · {LEVELS[LEVEL_NAMES[level]].of(language)}"


def _amount(amount: float, currency: str, language: Language) -> str:
    return f"{formats.number(amount, language, 2)} {currency}"


def _rung(policy: Policy, level: int, language: Language) -> Row:
    rung = policy.rungs[level]
    return {
        "level": level_name(level, language),
        "treatment": told(TREATMENT_NAMES, rung.treatment, language),
        "contacts": [
            f"{CHANNEL_NAMES[channel].of(language)} {_often(often, language)}"
            for channel, often in rung.contacts_per_week.items()
        ],
        "cost": formats.number(rung.unit_cost, language, 2),
        "uses": [
            f"{LABELS[f'resource_{name}'].of(language)} {_often(used, language)}"
            for name, used in rung.use_per_week.items()
        ],
        "approval": level == len(LEVEL_NAMES) - 1,
    }


def _often(times: float, language: Language) -> str:
    """So many a week, whole numbers without decimals."""
    return formats.number(times, language, 0 if times == int(times) else 2)


def _stage(policy: Policy, number: int, language: Language) -> Row:
    bounds, shares = policy.stages.parts[number], policy.response.logging.parts[number]
    return {
        "stage": STAGES[number],
        "lowest": level_name(LEVEL_NAMES.index(bounds.lowest), language),
        "highest": level_name(LEVEL_NAMES.index(bounds.highest), language),
        "ordinary": [formats.percent(share, language, 0) for share in shares],
    }


def _tier(policy: Policy, target: str, language: Language) -> Row:
    cuts = getattr(policy.tiers, target)
    return {
        "target": target,
        "low_from": formats.percent(cuts.low_from, language, 0),
        "high_below": formats.percent(cuts.high_below, language, 0),
    }


def _doubtful(policy: Policy, language: Language) -> str:
    told = policy.tiers.doubtful
    name = "policy_doubtful_from" if told.amount_from else "policy_doubtful_any"
    return (
        LABELS[name]
        .of(language)
        .format(
            stage=told.stage_from,
            below=formats.percent(told.probability_below, language, 0),
            amount=formats.number(told.amount_from, language, 2),
        )
    )


def _worth(policy: Policy, language: Language) -> list[str]:
    value = policy.value
    amount = "past_due_amount" if value.cure.of == "past_due" else "balance"
    worths = (
        ("cure", amount, value.cure.margin),
        ("early_warning", "balance", value.early_warning.margin),
    )
    return [
        *(
            LABELS[f"policy_worth_{target}"]
            .of(language)
            .format(
                margin=formats.percent(margin, language, 0),
                amount=LABELS[f"policy_of_{of}"].of(language),
            )
            for target, of, margin in worths
        ),
        LABELS["policy_annoyance"]
        .of(language)
        .format(cost=formats.number(value.annoyance_per_contact, language, 2)),
    ]


def _exploration(policy: Policy, language: Language) -> Row | None:
    told = policy.exploration
    if told is None:
        return None
    ordinary = 1.0 - told.share - told.challenger_share
    return {
        "experiment": told.experiment,
        "arms": [
            {"arm": arm, "share": formats.percent(share, language, 1)}
            for arm, share in (
                ("ordinary", ordinary),
                ("explore", told.share),
                ("challenger", told.challenger_share),
            )
        ],
    }
