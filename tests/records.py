"""Decisions made by hand, so that what is recorded and shown of them is known in every part."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from models.decision import (
    BindingRule,
    Change,
    Decision,
    Intensity,
    Level,
    Limit,
    ReasonName,
    Reasons,
    Score,
)

SECOND = Path(__file__).with_name("record_of_schema_2.json")
_CONTACTS = "us_ny_nyc.dcwp.contacts"
_NO_ESTIMATE = (False, None, None, "no_estimate")
INTENSITY = Intensity(
    level=1,
    name="remind",
    treatment="offer_plan",
    because="low_ability",
    channels=("sms", "email"),
    needs_approval=False,
    levels=(
        Level(0, 0.40, 0.0, 0.0, 0.0, 0.0, True, None),
        Level(1, 0.43, 27.6, 1.2, 0.0, 26.4, True, None, *_NO_ESTIMATE),
        Level(2, 0.48, 73.6, 21.5, 7.75, 44.35, False, _CONTACTS, *_NO_ESTIMATE),
        Level(3, 0.47, 64.4, 60.25, 18.6, -14.45, False, _CONTACTS, *_NO_ESTIMATE),
        Level(4, 0.46, 55.2, 90.0, 40.0, -74.8, False, "stage_highest", *_NO_ESTIMATE),
    ),
    binding_rules=(
        BindingRule("us_ny_nyc.dcwp.contacts", "DCWP rule", "level:2->1"),
        BindingRule("capacity", "capacity plan", "level:3->2"),
        BindingRule("us.reg_f.calls", "12 CFR 1006.14(b)", "channel:call"),
        BindingRule("us.reg_f.hours", "12 CFR 1006.6(b)", "time:2026-11-23T08:00:00-05:00"),
    ),
    limits=(
        Limit("dials", "account", "7 days", 7, 7, "us.reg_f.calls"),
        Limit("effective_calls", "debtor", "1 day", 3, 1, "cn.gbt_45251.effective_calls"),
    ),
    earliest_contact_at="2026-11-23T08:00:00-05:00",
    runner_up=0,
    changes=(
        Change("probability", None, 0.41, 0.423123, 2),
        Change("amount", "past_due_amount", 920.0, 1310.2501, 2),
        Change("price", "agent_minutes", 0.5, 0.25, 2),
        Change("days", None, 28.0, 31.0, 2),
        Change("rule", "us_ny_nyc.dcwp.contacts", None, None, 2),
    ),
    response_model="assumed",
    rules_of="US-NY-NYC",
    planned=True,
    recommended=1,
    arm="ordinary",
    experiment=None,
    propensities={"0": 0.0, "1": 1.0, "2": 0.0, "3": 0.0, "4": 0.0},
    plan={"months": 5, "instalment": 184.0},
)
# A decision that differs from it in that its level was drawn, the recommended one being 2, and in
# that the effects of levels 1 and 3 are estimated.
EXPLORED: dict[str, Any] = {
    "levels": (
        INTENSITY.levels[0],
        INTENSITY.levels[1]._replace(
            estimated=True, effect_low=-0.01, effect_high=0.068, assumed_because=None
        ),
        INTENSITY.levels[2]._replace(allowed=True, taken_by=None, assumed_because="never_tried"),
        INTENSITY.levels[3]._replace(
            estimated=True, effect_low=0.02, effect_high=0.14, assumed_because=None
        ),
        INTENSITY.levels[4]._replace(assumed_because="few_assignments"),
    ),
    "runner_up": 2,
    "changes": (Change("rule", "exploration", None, None, 2),),
    "planned": False,
    "recommended": 2,
    "arm": "explore",
    "experiment": "autumn-2026",
    "propensities": {"0": 0.0, "1": 0.025, "2": 0.95, "3": 0.025, "4": 0.0},
}


def decided(**changes: Any) -> Decision:
    """A decision of this intensity, with changes to it."""
    return Decision(
        account_id="A-1001",
        as_of="2026-11-22T22:30:00-05:00",
        valid_until="2026-11-24T22:30:00-05:00",
        data_age_days=2.5,
        currency="USD",
        status="effective",
        score=Score(
            target="cure",
            probability=0.41,
            log_odds=-0.364,
            base_log_odds=-0.6,
            horizon_cycles=1,
            stage="M1",
            tier="medium",
            ability=12.0,
            willingness=64.0,
            sustained=False,
            standing_valid=True,
        ),
        reasons=Reasons(
            np.zeros(1, np.uint16),
            np.array([28.0]),
            np.array([0.25]),
            (ReasonName("dpd_last", "willingness", "days"),),
        ),
        other_contributions=-0.014,
        intensity=INTENSITY._replace(**changes),
        versions={
            "code": "0.1.0",
            "model": "cure/1",
            "bundle_sha256": "78" * 32,
            "policy": "default@1fbecb39559a",
            "estimate": None,
            "rules": "b3e9381b7fe9",
            "prices": "2026-11-22",
            "tzdata": "2026.2",
        },
    )


def first_record() -> dict[str, Any]:
    """A record of schema 1, as it was stored: its levels were not weighed."""
    unknown = dict.fromkeys(("probability", "value", "cost", "price", "net"))
    left = {3: "promise_not_due", 2: "promise_not_due", 4: "stage_highest"}
    return {
        "schema": 1,
        "decision_id": "01a2043c-66de-7431-b1cb-77860ca03ef7",
        "status": "effective",
        "supersedes": None,
        "actor": "local",
        "override_reason": None,
        "account_id": "A-1",
        "as_of": "2024-06-29T03:00:00-04:00",
        "decided_at": "2024-06-29T08:00:00.000000Z",
        "valid_until": "2024-07-01T03:00:00-04:00",
        "data_age_days": 2.125,
        "currency": "USD",
        "score": {
            "target": "cure",
            "probability": 0.5,
            "log_odds": 0.0,
            "base_log_odds": -0.25,
            "horizon_cycles": 1,
            "stage": "M2",
            "tier": "medium",
            "ability": 47.05,
            "willingness": 71.85,
        },
        "reasons": [
            {
                "feature": "dpd_last",
                "group": "willingness",
                "value": 40.0,
                "unit": "days",
                "contribution": 0.25,
            }
        ],
        "other_contributions": 0.0,
        "intensity": {
            "level": 1,
            "name": "remind",
            "treatment": "remind",
            "channels": ["sms", "push", "email"],
            "needs_approval": False,
            "levels": [
                {"level": level, "allowed": level not in left, "taken_by": left.get(level)}
                | unknown
                for level in range(5)
            ],
            "binding_rules": [
                {
                    "rule": "promise_not_due",
                    "citation": "curescore holds (docs/policy.md)",
                    "took_away": "level:2->1",
                }
            ],
            "earliest_contact_at": None,
            "limits": [],
            "runner_up": None,
            "smallest_change": None,
            "response_model": None,
            "arm": None,
            "propensities": None,
        },
        "inputs_sha256": "7b" * 32,
        "versions": {
            "code": "0.1.0",
            "model": "cure/1",
            "bundle_sha256": "78" * 32,
            "policy": "default@1fbecb39559a",
            "rules": "b3e9381b7fe9",
            "prices": None,
            "tzdata": "2026.6",
        },
    }


def second_record() -> dict[str, Any]:
    """A record of schema 2, as it was stored: effects were assumed, and no level was drawn."""
    record: dict[str, Any] = json.loads(SECOND.read_text())
    return record
