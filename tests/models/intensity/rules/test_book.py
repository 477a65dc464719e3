"""Which rules apply: whose, from when, and how firmly."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.tables import FLAGS
from models.intensity.rules import version
from models.intensity.rules.book import COUNTED, EVERYWHERE, JURISDICTIONS, RULES, applicable
from models.intensity.rules.holds import HOLDS, PAYMENT_IN_TRANSIT, PLAN_KEPT, holds
from models.intensity.rules.protections import PROTECTIONS, protections
from models.intensity.rules.rule import Cap, Duty, Frequency, Hours, Rule
from models.intensity.rules.unknown import STRICTEST

DAY = timedelta(days=1)
NOW = date(2026, 11, 1)
LONG_AGO = date(1990, 1, 1)
DATED = [
    (jurisdiction, rule)
    for jurisdiction, rules in JURISDICTIONS.items()
    for rule in rules
    if rule.effective_from is not None and not isinstance(rule, Duty)
]
SINCE = {
    "us.reg_f.calls": date(2021, 11, 30),
    "us.reg_f.interval": date(2021, 11, 30),
    "us.reg_f.hours": date(2021, 11, 30),
    "us_ny_nyc.dcwp.contacts": date(2026, 9, 1),
    "cn.gbt_45251.effective_calls": date(2025, 2, 28),
    "cn.cba.unanswered_dials": date(2026, 1, 30),
    "cn.gbt_45251.hours": date(2025, 2, 28),
    "cn.cba.hours": date(2026, 1, 30),
}
HOURS = {
    "us.reg_f.hours": (8, 21),
    "cn.gbt_45251.hours": (8, 22),
    "cn.cba.hours": (8, 22),
    "gb.own.hours": (8, 21),
    "in.rbi.hours": (8, 19),
}
ADVISORY = {
    "gb.own.hours",
    "us.reg_f.calls",
    "us.reg_f.interval",
    "cn.gbt_45251.effective_calls",
    "cn.cba.unanswered_dials",
    "cn.gbt_45251.hours",
    "cn.cba.hours",
}


def told(jurisdiction: str, day: date = NOW, *, advisory_binds: bool = True) -> set[str]:
    found = applicable(jurisdiction, day, advisory_binds)
    counted = {COUNTED[k].id for k in found.told}
    return counted | {rule.id for rule in found.hours}


def bound(jurisdiction: str, day: date = NOW, *, advisory_binds: bool = True) -> set[str]:
    found = applicable(jurisdiction, day, advisory_binds)
    counted = {rule.id for rule, binds in zip(COUNTED, found.binding, strict=True) if binds}
    return counted | {rule.id for rule in found.binding_hours}


def own(*jurisdictions: str) -> set[str]:
    return {
        rule.id
        for jurisdiction in jurisdictions
        for rule in JURISDICTIONS[jurisdiction]
        if not isinstance(rule, Duty)
    }


@pytest.mark.parametrize(
    ("jurisdiction", "rules_of", "parents"),
    [
        ("US", "US", ["US"]),
        ("US-TX", "US", ["US"]),
        ("US-NY", "US", ["US"]),
        ("US-NY-NYC", "US-NY-NYC", ["US-NY-NYC", "US"]),
        ("US-NY-NYC-BX", "US-NY-NYC", ["US-NY-NYC", "US"]),
        ("US-MA", "US-MA", ["US-MA", "US"]),
        ("CN-SH", "CN", ["CN"]),
        ("GB", "GB", ["GB"]),
        ("IN", "IN", ["IN"]),
    ],
)
def test_a_jurisdiction_has_its_parents_rules(
    jurisdiction: str, rules_of: str, parents: list[str]
) -> None:
    assert applicable(jurisdiction, NOW, True).rules_of == rules_of
    assert told(jurisdiction) == bound(jurisdiction) == own(*parents)


def test_gb_names_no_number_and_no_hour_but_ours() -> None:
    found = applicable("GB", NOW, True)
    assert not found.told
    assert [(rule.id, rule.confidence) for rule in found.hours] == [("gb.own.hours", "own")]
    others = [rule for rule in JURISDICTIONS["GB"] if rule.confidence != "own"]
    assert others
    assert all(isinstance(rule, Duty) for rule in others)


def test_dates_and_hours_are_those_of_the_sources() -> None:
    assert {rule.id: rule.effective_from for _, rule in DATED} == SINCE
    hours = {rule.id: (rule.start, rule.end) for rule in RULES if isinstance(rule, Hours)}
    assert hours == HOURS
    counting = (r for r in RULES if isinstance(r, Frequency | Hours))
    assert {rule.id for rule in counting if rule.advisory} == ADVISORY


@pytest.mark.parametrize(("jurisdiction", "rule"), DATED, ids=lambda each: getattr(each, "id", ""))
def test_a_rule_on_the_day_before_and_the_day_it_takes_effect(
    jurisdiction: str, rule: Rule
) -> None:
    since = SINCE[rule.id]
    assert rule.id not in told(jurisdiction, since - DAY) | bound(jurisdiction, since - DAY)
    assert rule.id in told(jurisdiction, since) & bound(jurisdiction, since)


def test_rules_without_a_date_hold_at_any() -> None:
    assert told("US-MA", LONG_AGO) == own("US-MA")
    assert told("IN", LONG_AGO) == own("IN")


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_advisory_rules_may_be_told_without_binding(jurisdiction: str) -> None:
    every = told(jurisdiction, advisory_binds=True)
    assert told(jurisdiction, advisory_binds=False) == every
    assert bound(jurisdiction, advisory_binds=False) == every - ADVISORY


@pytest.mark.parametrize("jurisdiction", ["FR", "ZZ-US", "USA", "TW"])
def test_an_unknown_jurisdiction_has_every_rule_at_any_date(jurisdiction: str) -> None:
    assert applicable(jurisdiction, LONG_AGO, True).rules_of == STRICTEST
    assert told(jurisdiction, LONG_AGO) == own(*JURISDICTIONS)
    assert bound(jurisdiction, LONG_AGO) == own(*JURISDICTIONS)


@given(
    st.sampled_from([*JURISDICTIONS, "US-TX", "CN-SH"]),
    st.dates(date(2015, 1, 1), date(2035, 1, 1)),
    st.booleans(),
)
def test_unknown_is_at_least_as_strict_as_every_known_jurisdiction(
    jurisdiction: str, day: date, advisory_binds: bool
) -> None:
    known = applicable(jurisdiction, day, advisory_binds)
    unknown = applicable("FR", day, advisory_binds)
    assert (known.binding <= unknown.binding).all()
    assert set(known.told) <= set(unknown.told)
    assert bound(jurisdiction, day, advisory_binds=advisory_binds) <= bound(
        "FR", day, advisory_binds=advisory_binds
    )
    for rule in known.hours:
        assert any((rule.start, rule.end) == (each.start, each.end) for each in unknown.hours)


def test_what_binds_is_told() -> None:
    for jurisdiction in [*JURISDICTIONS, "FR"]:
        for advisory_binds in (True, False):
            found = applicable(jurisdiction, NOW, advisory_binds)
            assert set(np.flatnonzero(found.binding)) <= set(found.told)
            assert found.binding.dtype == np.bool_


def test_ids_are_the_rules_own_and_each_names_its_source() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert all(rule.citation and rule.holds_for for rule in RULES)
    caps = [rule for rule in RULES if isinstance(rule, Cap)]
    assert tuple(caps) == EVERYWHERE
    assert all(rule.confidence == "own" and not rule.advisory for rule in caps)


def test_there_is_a_protection_for_every_flag() -> None:
    assert set(PROTECTIONS) == set(FLAGS)
    assert [rule.id for rule in protections(["hardship", "dispute"])] == ["hardship", "dispute"]
    levels = {flag: PROTECTIONS[flag].cap for flag in FLAGS}
    reminded = {"hardship", "vulnerable"}
    assert levels == {flag: int(flag in reminded) for flag in FLAGS}


def test_holds_leave_a_reminder() -> None:
    assert holds(False, False, False) == []
    assert holds(True, True, True) == list(HOLDS)
    assert holds(promise=False, plan_kept=True, in_transit=True) == [PLAN_KEPT, PAYMENT_IN_TRANSIT]
    assert {rule.cap for rule in HOLDS} == {1}


def test_version_is_short_and_hexadecimal() -> None:
    assert len(version.RULES_VERSION) == 12
    int(version.RULES_VERSION, 16)
