"""One account of each protection, hold and jurisdiction, decided by a server of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from features.tables import FLAGS
from service.answers import RecordAnswer
from tests import plain
from tests.servers import Server, serving

Body = dict[str, Any]

OWN = "curescore protections (docs/policy.md)"
HOLD = "curescore holds (docs/policy.md)"
NOON = "2026-10-06T12:00:00-04:00"  # a day on which every rule of the book is in force


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, bundle_dir: Path, empty_database: Path
) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("protections")
    here = {
        "CURESCORE_HOME": str(home),
        "CURESCORE_MODELS": str(bundle_dir),
        "CURESCORE_AUTH": "off",
    }
    shutil.copy(empty_database, home / "decisions.db")
    with serving(here, home / "output.txt", "serve", "--access-log") as started:
        yield started


def late(as_of: str = NOON, contacts: list[Body] | None = None, **account: object) -> Body:
    """An account 45 days late, which would get intensive contact; `account` replaces fields."""
    statements = [("06-30", 0, 80.0), ("07-31", 0, 80.0), ("08-31", 9, 0.0), ("09-30", 39, 0.0)]
    return {
        "as_of": as_of,
        "account": {
            "account_id": "A-1", "product": "credit_card", "security": "none", "currency": "USD",
            "balance": 4000.0, "past_due_amount": 1800.0, "credit_limit": 5000.0,
            "days_past_due": 45, "jurisdiction": "US", "timezone": "America/New_York",
            **dict.fromkeys(FLAGS, False), **account,
        },
        "statements": [
            {
                "statement_date": f"2026-{day}", "balance": 4000.0, "amount_due": 80.0,
                "amount_paid": paid, "days_past_due": days, "credit_limit": 5000.0,
                "status": "open",
            }
            for day, days, paid in statements
        ],
        "payments": [],
        "contacts": contacts or [],
    }  # fmt: skip


def contact(i: int, at: str, **fields: Any) -> Body:
    plain = {"contact_id": f"C-{i}", "at": at, "channel": "call", "direction": "out"}
    return plain | {"outcome": "no_answer"} | fields


def decided(server: Server, body: Body) -> Body:
    answered = plain.post(f"{server.address}/v1/decisions", json=body)
    assert answered.status_code == 200, answered.text
    record: Body = answered.json()
    RecordAnswer.model_validate(record)
    read = plain.get(f"{server.address}/v1/decisions/{record['decision_id']}").json()
    assert read == record
    intensity: Body = record["intensity"]
    return intensity


def binding(intensity: Body) -> list[tuple[str, str, str]]:
    return [
        (rule["rule"], rule["citation"], rule["took_away"]) for rule in intensity["binding_rules"]
    ]


def limits(intensity: Body) -> dict[str, tuple[int, int]]:
    return {limit["rule"]: (limit["used"], limit["max"]) for limit in intensity["limits"]}


REG_F = {"us.reg_f.calls": (0, 7), "us.reg_f.interval": (0, 1)}


def test_an_account_that_nothing_protects_gets_its_level(server: Server) -> None:
    told = decided(server, late())
    assert (told["level"], told["name"], told["treatment"]) == (3, "intensive", "negotiate")
    assert told["channels"] == ["call", "letter", "sms", "email"]
    assert binding(told) == []
    assert limits(told) == REG_F
    assert told["earliest_contact_at"] == NOON
    assert told["rules_of"] == "US"


# The level that is left, the treatment, the code of the reason for it, and the citation.
PROTECTIONS = {
    "deceased": (0, "wait", "protected", OWN),
    "bankruptcy": (0, "wait", "protected", OWN),
    "cease_contact": (0, "wait", "protected", f"{OWN}; compare US cease communication"),
    "dispute": (0, "wait", "protected", OWN),
    "represented": (0, "wait", "protected", OWN),
    "complaint": (0, "wait", "protected", OWN),
    "hardship": (1, "hardship_review", "hardship_flagged", OWN),
    "vulnerable": (
        1, "hardship_review", "hardship_flagged", f"{OWN}; compare GB FCA CONC 7.2.1R"
    ),
}  # fmt: skip


def test_every_flag_is_a_protection() -> None:
    assert set(PROTECTIONS) == set(FLAGS)


@pytest.mark.parametrize("flag", PROTECTIONS)
def test_a_protection_caps_the_level(server: Server, flag: str) -> None:
    level, treatment, because, citation = PROTECTIONS[flag]
    body = late()
    body["account"][flag] = True
    told = decided(server, body)
    assert (told["level"], told["treatment"], told["because"]) == (level, treatment, because)
    assert binding(told) == [(flag, citation, f"level:3->{level}")]
    assert told["channels"] == (["sms", "push", "email"] if level else [])
    assert told["earliest_contact_at"] == (NOON if level else None)
    assert limits(told) == REG_F
    assert told["needs_approval"] is False
    for each in told["levels"]:
        if each["level"] > level:
            assert each["allowed"] is False
            assert each["taken_by"] == (flag if each["level"] <= 3 else "stage_highest")


PLAN = {"months": 12, "instalment": 160.0, "kept": True}
PROMISE = contact(0, "2026-10-05T12:00:00-04:00", channel="email", direction="in") | {
    "outcome": "promise",
    "promised_on": "2026-10-08",
}
PAID = {"payment_id": "P-1", "received_at": "2026-10-02T12:00:00-04:00", "amount": 1800.0}
HELD: dict[str, Body] = {
    "promise_not_due": {"contacts": [PROMISE]},
    "plan_kept": {"account": late(plan=PLAN)["account"]},
    "payment_in_transit": {"payments": [PAID | {"reversed": False}]},
}


@pytest.mark.parametrize("hold", HELD)
def test_a_hold_leaves_a_reminder(server: Server, hold: str) -> None:
    told = decided(server, late() | HELD[hold])
    assert (told["level"], told["treatment"], told["because"]) == (1, "remind", hold)
    (rule,) = binding(told)
    assert rule[:2] == (hold, HOLD)
    assert rule[2] in ("level:2->1", "level:3->1")
    assert told["channels"] == ["sms", "push", "email"]
    assert told["earliest_contact_at"] == NOON
    assert limits(told) == REG_F


NOT_HELD: dict[str, Body] = {
    "a promise whose day and grace are over": {
        "contacts": [PROMISE | {"at": "2026-10-01T12:00:00-04:00", "promised_on": "2026-10-03"}]
    },
    "a plan that is not kept": {"account": late(plan=PLAN | {"kept": False})["account"]},
    "a payment that leaves a cent": {"payments": [PAID | {"reversed": False, "amount": 1799.99}]},
    "a payment before the last statement": {
        "payments": [PAID | {"reversed": False, "received_at": "2026-09-30T12:00:00-04:00"}]
    },
    "a payment that was reversed": {"payments": [PAID | {"reversed": True}]},
}


@pytest.mark.parametrize("name", NOT_HELD)
def test_what_is_no_hold_leaves_the_level(server: Server, name: str) -> None:
    told = decided(server, late() | NOT_HELD[name])
    assert told["level"] >= 2
    assert binding(told) == []


def test_an_unreachable_debtor_is_traced_and_not_called(server: Server) -> None:
    dials = [contact(i, f"2026-09-{15 + i}T12:00:00-04:00") for i in range(8)]
    told = decided(server, late(contacts=dials))
    assert (told["level"], told["treatment"], told["because"]) == (1, "trace", "unreachable")
    (rule,) = binding(told)
    assert rule[0] == "unreachable"
    assert rule[1] == "curescore: an unreachable debtor is traced (docs/policy.md)"
    assert rule[2] in ("level:2->1", "level:3->1")
    assert told["channels"] == ["sms", "push", "email"]
    assert told["earliest_contact_at"] == NOON
    assert {each["taken_by"] for each in told["levels"][2:4]} == {"unreachable"}
    reached = decided(server, late(contacts=dials[1:]))
    assert (reached["level"] > 1, binding(reached)) == (True, [])


def test_a_level_that_rests_on_calls_goes_a_week_after_a_conversation(server: Server) -> None:
    talk = contact(0, "2026-10-02T12:00:00-04:00", outcome="conversation")
    told = decided(server, late(contacts=[talk]))
    assert told["level"] == 1
    ((rule, citation, took_away),) = binding(told)
    assert (rule, citation) == ("us.reg_f.interval", "12 CFR 1006.14(b) (Regulation F)")
    assert took_away in ("level:2->1", "level:3->1")
    assert limits(told) == {"us.reg_f.calls": (1, 7), "us.reg_f.interval": (1, 1)}


REG_F_HOURS = ("us.reg_f.hours", "12 CFR 1006.6(b) (Regulation F)")
CN_HOURS = (
    ("cn.gbt_45251.hours", "GB/T 45251-2025 (recommended standard)"),
    ("cn.cba.hours", "China Banking Association guideline (trial)"),
)
GB_HOURS = (
    "gb.own.hours",
    "curescore: hours that are not unreasonable (FCA CONC 7 names none)",
)
IN_HOURS = ("in.rbi.hours", "Reserve Bank of India (RBI), hours of contact")
NEW_YORK, SHANGHAI, KOLKATA = "America/New_York", "Asia/Shanghai", "Asia/Kolkata"
# Jurisdiction, time zone, as_of, the first instant of contact, and the rules that put it off.
HOURS = [
    ("US", NEW_YORK, "2026-10-06T20:59:59-04:00", "2026-10-06T20:59:59-04:00", ()),
    ("US", NEW_YORK, "2026-10-06T21:00:00-04:00", "2026-10-07T08:00:00-04:00", (REG_F_HOURS,)),
    ("US", NEW_YORK, "2026-10-06T07:59:59-04:00", "2026-10-06T08:00:00-04:00", (REG_F_HOURS,)),
    # Summer time ends in the night of 1 November.
    ("US", NEW_YORK, "2026-10-31T22:00:00-04:00", "2026-11-01T08:00:00-05:00", (REG_F_HOURS,)),
    ("US", NEW_YORK, "2026-10-06T08:00:00-04:00", "2026-10-06T08:00:00-04:00", ()),
    ("US-NY-NYC", NEW_YORK, "2026-10-06T23:00:00-04:00", "2026-10-07T08:00:00-04:00",
     (REG_F_HOURS,)),
    ("US-MA", NEW_YORK, "2026-10-06T23:00:00-04:00", "2026-10-07T08:00:00-04:00", (REG_F_HOURS,)),
    ("US-CA", "America/Los_Angeles", "2026-10-06T23:00:00-04:00", "2026-10-06T20:00:00-07:00", ()),
    ("CN", SHANGHAI, "2026-10-06T21:59:59+08:00", "2026-10-06T21:59:59+08:00", ()),
    ("CN", SHANGHAI, "2026-10-06T22:00:00+08:00", "2026-10-07T08:00:00+08:00", CN_HOURS),
    ("IN", KOLKATA, "2026-10-06T18:59:59+05:30", "2026-10-06T18:59:59+05:30", ()),
    ("IN", KOLKATA, "2026-10-06T19:00:00+05:30", "2026-10-07T08:00:00+05:30", (IN_HOURS,)),
    ("GB", "Europe/London", "2026-10-06T03:00:00+01:00", "2026-10-06T08:00:00+01:00", (GB_HOURS,)),
    # None of its rules are known: the strictest hours of all.
    ("FR", "Europe/Paris", "2026-10-06T20:00:00+02:00", "2026-10-07T08:00:00+02:00", (IN_HOURS,)),
    ("FR", "Europe/Paris", "2026-10-06T23:00:00+02:00", "2026-10-07T08:00:00+02:00",
     (REG_F_HOURS, *CN_HOURS, GB_HOURS, IN_HOURS)),
]  # fmt: skip
CN_LIMITS = {"cn.gbt_45251.effective_calls": (0, 3), "cn.cba.unanswered_dials": (0, 6)}
NYC_LIMITS = {"us_ny_nyc.dcwp.contacts": (0, 3)}
MA_LIMITS = {
    "us_ma.cmr.calls_and_texts": (0, 2), "us_ma.cmr.elsewhere": (0, 2), "us_ma.cmr.visits": (0, 1)
}  # fmt: skip
LIMITS = {
    "US": REG_F,
    "US-CA": REG_F,
    "US-NY-NYC": REG_F | NYC_LIMITS,
    "US-MA": REG_F | MA_LIMITS,
    "CN": CN_LIMITS,
    "IN": {},
    "GB": {},
    "FR": REG_F | NYC_LIMITS | MA_LIMITS | CN_LIMITS,
}
# Three calls a week are more than two: these do not leave the level of intensive contact.
PLANNED_TOO_OFTEN = ("US-MA", "FR")


@pytest.mark.parametrize(("jurisdiction", "timezone", "as_of", "at", "rules"), HOURS)
def test_contact_waits_for_the_hours_of_the_debtor_s_place(
    server: Server, jurisdiction: str, timezone: str, as_of: str, at: str, rules: Any
) -> None:
    told = decided(server, late(as_of, jurisdiction=jurisdiction, timezone=timezone))
    assert told["earliest_contact_at"] == at
    waiting = [each for each in binding(told) if each[2].startswith("time:")]
    assert waiting == [(*rule, f"time:{at}") for rule in rules]
    taken = [each for each in binding(told) if each not in waiting]
    if jurisdiction in PLANNED_TOO_OFTEN:
        assert told["level"] < 3
        assert [each[0] for each in taken] == ["us_ma.cmr.calls_and_texts"]
    else:
        assert (told["level"], taken) == (3, [])
    assert limits(told) == LIMITS[jurisdiction]
    own = {"US-CA": "US", "FR": "strictest"}
    assert told["rules_of"] == own.get(jurisdiction, jurisdiction)


def test_the_server_told_no_account_and_failed_at_nothing(server: Server) -> None:
    body = late(account_id="secret-account") | {"changes": {"account": {"dispute": True}}}
    assert plain.post(f"{server.address}/v1/decisions:explain", json=body).status_code == 200
    body["changes"] = {"account": {"balance": 0}}
    assert plain.post(f"{server.address}/v1/decisions:explain", json=body).status_code == 422
    found = plain.post(
        f"{server.address}/v1/decisions:search", json={"account_id": "secret-account"}
    )
    assert found.json()["decisions"] == []
    output = server.output.read_text()
    assert "/v1/decisions:explain" in output
    assert "secret-account" not in output
    assert "Traceback" not in output
