"""Reports for tests: key figures of a small portfolio, and monitoring as its command reports it."""

from pathlib import Path
from typing import Any

import pandas as pd

from tests.training.kpi.drawn import FEBRUARY, JANUARY, MARCH, Drawn
from training.kpi.kpi import kpi

Json = dict[str, Any]
MANY = 40  # accounts that were late in both months; a share of fewer than 30 is not told
BUNDLE = "a" * 64


def kpi_report(folder: Path) -> Json:
    """The real report of a portfolio that was decided in two months, in two currencies."""
    drawn = Drawn()
    for i in range(MANY):
        name, currency = f"K-{i}", "EUR" if i % 10 == 9 else "USD"
        drawn.account(name, currency=currency)
        drawn.statement(name, JANUARY, 20)
        drawn.statement(name, FEBRUARY, 0 if i % 4 == 0 else 50)
        drawn.statement(name, MARCH, 0 if i % 2 == 0 else 80)
        own = {"currency": currency, "past_due_amount": 100.25 + i, "tier": ("low", "high")[i % 2]}
        drawn.decision(name, "2025-02-03T12:00", level=i % 3, **own)
        later = {"stage": "M2", "valid_until": pd.Timestamp("2025-03-17T12:00Z")}
        drawn.decision(name, "2025-03-03T12:00", level=i % 4, **own | later)
        drawn.contact(name, "2025-02-05T12:00", "sms", "sent")
        promised = {"promised_amount": "50", "promised_on": "2025-02-10"}
        drawn.contact(name, "2025-02-06T12:00", "call", "promise", **promised)
        if i % 4 == 0:
            drawn.payment(name, "2025-02-09T12:00", 60.5)
    _govern(drawn)
    return kpi(drawn.write(folder))


def _govern(drawn: Drawn) -> None:
    """Overrides, rules that bound, and visits."""
    for i, reason in ((0, "local_knowledge"), (1, "local_knowledge"), (2, "complaint")):
        drawn.decisions[2 * i]["override_reason"] = reason
    drawn.rules = [
        {"decision_id": f"d{2 * i}", "rule": rule, "took_away": "call"}
        for rule, count in (("us.reg_f.calls", 12), ("dispute", 5))
        for i in range(count)
    ]
    at = pd.Timestamp("2025-02-06T12:00Z")
    drawn.visits = [
        {"visit_id": name, "number": n, "step": step, "account_id": "K-0"}
        | {"at": at, "recorded_at": at}
        for name, told in (("v1", ("planned", "made", "recorded")), ("v2", ("planned", "closed")))
        for n, step in enumerate(told)
    ]


def compared(n: int, predicted: float, realised: float, half: float = 0.03) -> Json:
    """A group of outcomes, as monitoring compares it."""
    difference = realised - predicted
    return {
        "n": n,
        "predicted": predicted,
        "realised": realised,
        "difference": difference,
        "difference_ci": [difference - half, difference + half],
        "deviation": difference / 0.01,
    }


def monitor_report(
    day: str = "2025-06-30", score: float = 0.08, outcomes: Json | None = None, **more: Any
) -> Json:
    """A report of monitoring as of one day, in which one feature has drifted."""
    features = {"paid_share_mean_6": 0.31, "utilisation": 0.04, "not_used": 4.0}
    return {
        "bundle_sha256": BUNDLE,
        "target": "cure",
        "horizon_cycles": 1,
        "sustained": False,
        "decisions": {
            "compared": 3_260,
            "other_bundles": 0,
            "from": f"{day}T00:00:00+00:00",
            "until": f"{day}T03:00:00+00:00",
        },
        "bounds": {"score_psi": 0.25, "feature_psi": 0.25, "reasons_psi": 0.25}
        | {"deviation": 3.0, "difference": 0.05},
        "drift": {"rows": 3_260, "score_psi": score, "reasons_psi": 0.02, "features": features},
        "features_left_out": None,
        "used_features": ["paid_share_mean_6", "utilisation"],
        "outcomes": outcomes,
        "broken": [
            {"bound": "feature_psi", "of": "paid_share_mean_6", "value": 0.31, "most": 0.25}
        ],
    } | more


def realised() -> Json:
    """What came of decisions of two stages."""
    return {
        "without": {"immature": 3},
        "overall": compared(3_000, 0.294, 0.308),
        "by_stage": {
            "M1": compared(2_900, 0.314, 0.326),
            "M2": compared(100, 0.146, 0.196, 0.07),
        },
        "by_tier": {"high": compared(3_000, 0.294, 0.308)},
    }
