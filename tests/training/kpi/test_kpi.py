"""Key figures of tables so small that each is worked out by hand."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.errors import InputError
from tests.achieved import write_rules
from tests.training.kpi.drawn import FEBRUARY, JANUARY, MARCH, Drawn
from training.kpi.kpi import kpi
from training.kpi.page import page
from training.problems import TablesError


def two_months(drawn: Drawn, account: str, then: int, **more: str) -> None:
    """An account that was 20 days late in January, and then so many in February."""
    drawn.account(account, **more)
    drawn.statement(account, JANUARY, 20)
    drawn.statement(account, FEBRUARY, then)


def test_an_account_decided_daily_cures_once_and_by_its_last_late_decision(tmp_path: Path) -> None:
    drawn = Drawn()
    two_months(drawn, "a", 0)
    for day in range(2, 10):
        drawn.decision("a", f"2025-02-{day:02d}T12:00", level=1, cost=2.0)
    drawn.decision("a", "2025-02-10T12:00", level=2, cost=5.0, channels=["call", "sms"])
    drawn.payment("a", "2025-02-01T12:00", 70)  # before the first decision
    drawn.payment("a", "2025-02-06T12:00", 60)
    drawn.payment("a", "2025-02-07T12:00", 40, back=True)
    drawn.payment("a", "2025-02-11T12:00", 40)  # 60 + 40 cover the 100
    after = {"target": "early_warning", "stage": "pre_due", "level": 0, "cost": 0.0}
    drawn.decision("a", "2025-02-12T12:00", channels=[], **after)
    found = kpi(drawn.write(tmp_path))
    assert found["decisions"] == {
        "recorded": 10,
        "effective": 10,
        "proposed": 0,
        "superseded": 0,
        "unknown": 0,
        "cycles": 1,
        "late_cycles": 1,
    }
    total = found["total"]
    assert (total["cycles"], total["cure"]["n"], total["cure"]["hits"]) == (1, 1, 1)
    assert total["days_to_cure"]["median"] == 9.0  # from the 2nd to the 11th
    assert set(found["by"]["level"]) == {"2"}
    assert set(found["by"]["channel"]) == {"call"}
    money = total["money"]["USD"]
    assert (money["recovered"], money["closed_cost"]) == (100.0, 0.0)
    assert money["open_cycles"] == 1  # until 14 March, of which these tables do not tell


def test_labels_are_those_of_training_and_others_are_counted_apart(tmp_path: Path) -> None:
    drawn = Drawn()
    two_months(drawn, "cured", 0)
    two_months(drawn, "late", 50)
    drawn.account("paid")
    drawn.statement("paid", JANUARY, 20)
    drawn.statement("paid", FEBRUARY, 0, "paid_off")
    drawn.account("sold")
    drawn.statement("sold", JANUARY, 20)
    drawn.statement("sold", FEBRUARY, 50, "sold")
    drawn.account("gap")
    drawn.statement("gap", JANUARY, 20)
    drawn.account("young")
    drawn.statement("young", FEBRUARY, 20)
    drawn.account("outside")
    drawn.statement("outside", JANUARY, 0)
    drawn.statement("outside", FEBRUARY, 0)
    drawn.account("off")
    drawn.statement("off", JANUARY, 80)
    drawn.statement("off", FEBRUARY, 100, "charged_off")
    for name in ("cured", "late", "paid", "sold", "gap", "outside"):
        drawn.decision(name, "2025-02-05T12:00")
    drawn.decision("off", "2025-02-05T12:00", stage="M3")
    drawn.decision("young", "2025-03-05T12:00")
    drawn.decision("cured", "2025-01-15T12:00")  # no statement is known yet
    drawn.decision("late", "2025-02-06T12:00", status="proposed")
    drawn.decision("late", "2025-02-07T12:00", status="superseded")
    found = kpi(drawn.write(tmp_path))
    cure = found["total"]["cure"]
    assert (cure["n"], cure["hits"], cure["rate"]) == (4, 2, 0.5)
    assert cure["without"] == {"immature": 1, "missing": 1, "censored": 1, "outside": 1}
    assert found["total"]["money"] is None
    counts = found["decisions"]
    assert (counts["recorded"], counts["effective"], counts["unknown"]) == (11, 9, 1)
    assert (counts["proposed"], counts["superseded"], counts["cycles"]) == (1, 1, 8)
    assert rolled(found, "M1") == {
        "pre_due": 2,
        "M2": 1,
        "paid_off": 1,
        "sold": 1,
        "missing": 1,
        "not_yet": 1,
    }
    assert rolled(found, "M3") == {"charged_off": 1}
    days = found["total"]["days_to_cure"]  # no payment covers: the statement of 28 February
    assert (days["n"], days["median"]) == (2, 23.5)


def rolled(found: dict[str, Any], stage: str) -> dict[str, int]:
    rolls = found["rolls"]
    counts = rolls["counts"][rolls["from"].index(stage)]
    return {end: n for end, n in zip(rolls["to"], counts, strict=True) if n}


def test_money_counts_once_until_the_next_decision_or_30_days_and_by_currency(
    tmp_path: Path,
) -> None:
    drawn = Drawn()
    two_months(drawn, "a", 20)
    drawn.statement("a", MARCH, 20)
    two_months(drawn, "b", 20, currency="EUR")
    drawn.decision("a", "2025-02-02T12:00", cost=3.0)
    drawn.decision("a", "2025-03-02T12:00", cost=5.0, level=2)
    drawn.decision("b", "2025-02-02T12:00", cost=7.0, currency="EUR")
    for at, amount in (
        ("2025-02-02T12:00", 1),  # known when it was decided
        ("2025-02-02T12:01", 10),
        ("2025-03-02T12:00", 20),  # the next decision knows it
        ("2025-03-02T12:01", 400),
        ("2025-04-01T12:00", 800),  # 30 days later, to the minute
        ("2025-04-01T12:01", 9_000),
    ):
        drawn.payment("a", at, amount)
    drawn.payment("b", "2025-02-10T12:00", 35)
    drawn.payment("b", "2025-02-11T12:00", 99, back_at="2025-02-20T12:00")
    found = kpi(drawn.write(tmp_path))
    money = found["total"]["money"]
    assert set(money) == {"EUR", "USD"}
    assert (money["USD"]["recovered"], money["EUR"]["recovered"]) == (1_230.0, 35.0)
    by_level = found["by"]["level"]
    assert by_level["1"]["money"]["USD"]["recovered"] == 30.0
    assert by_level["2"]["money"]["USD"]["recovered"] == 1_200.0
    assert money["USD"]["cost_per_unit"] == pytest.approx(8 / 1_230)
    assert money["EUR"]["cost_per_unit"] == pytest.approx(7 / 35)
    assert found["by"]["month"].keys() == {"2025-02", "2025-03"}


def test_what_cost_nobody_recorded_is_not_told(tmp_path: Path) -> None:
    drawn = Drawn()
    two_months(drawn, "a", 0)
    two_months(drawn, "b", 0)
    drawn.decision("a", "2025-02-02T12:00", cost=3.0)
    drawn.decision("b", "2025-02-02T12:00", cost=float("nan"), level=2)
    drawn.payment("a", "2025-02-03T12:00", 50)
    drawn.payment("b", "2025-02-03T12:00", 50)
    drawn.payment("b", "2025-05-03T12:00", 1)  # so much is known that no cycle is open
    found = kpi(drawn.write(tmp_path))
    total, first = found["total"]["money"]["USD"], found["by"]["level"]["1"]["money"]["USD"]
    assert (total["closed_cost"], total["cost_per_unit"]) == (None, None)
    assert first["cost_per_unit"] == pytest.approx(3 / 50)


def test_contacts_reach_and_promises(tmp_path: Path) -> None:
    drawn = Drawn()
    for name, then in (("a", 0), ("b", 50), ("c", 50)):
        two_months(drawn, name, then)
        drawn.decision(name, "2025-02-05T12:00")
    drawn.contact("a", "2025-02-05T11:00", "call", "conversation")  # before the decision
    drawn.contact("a", "2025-02-06T12:00", "sms", "sent")
    promised = {"promised_amount": "50", "promised_on": "2025-02-10"}
    drawn.contact("a", "2025-02-07T12:00", "call", "promise", **promised)
    drawn.contact("b", "2025-02-06T12:00", "call", "no_answer")
    drawn.contact("b", "2025-02-07T12:00", "call", "promise", direction="in", **promised)
    drawn.contact("b", "2025-02-08T12:00", "call", "promise", promised_on="2025-12-24")
    drawn.contact("b", "2025-02-08T13:00", "call", "promise")
    drawn.contact("c", "2025-02-06T12:00", "letter", "sent")
    drawn.payment("a", "2025-02-10T23:59", 50)
    drawn.payment("b", "2025-02-09T12:00", 50, back=True)  # never stood
    found = kpi(drawn.write(tmp_path))
    total = found["total"]
    assert total["contacts"] == {"outgoing": 6, "of_labelled": 6, "cures": 1, "per_cure": 6.0}
    assert (total["reach"]["n"], total["reach"]["hits"]) == (3, 2)
    promises = total["promises"]
    assert (promises["n"], promises["hits"]) == (2, 1)
    assert (promises["open"], promises["undated"], promises["unknown"]) == (1, 1, 0)
    channels = found["contacts"]
    assert list(channels) == ["sms", "call", "letter"]
    assert (channels["call"]["n"], channels["call"]["hits"]) == (4, 3)
    assert channels["call"]["cycles"] == 2


def test_figures_that_need_a_table_that_is_not_there_are_none(tmp_path: Path) -> None:
    drawn = Drawn()
    two_months(drawn, "a", 0)
    drawn.decision("a", "2025-02-05T12:00")
    folder = drawn.write(tmp_path)
    write_rules(folder, pd.DataFrame({"decision_id": [], "rule": []}))  # none bound: no rows
    found = kpi(folder)
    total = found["total"]
    assert (found["rules"], found["visits"], found["contacts"]) == ([], None, {})
    assert total["cure"]["n"] == 1
    assert "needs contacts and payments" in page(found)
    assert [total[name] for name in ("money", "contacts", "reach", "promises")] == [None] * 4


def test_rules_overrides_and_visits(tmp_path: Path) -> None:
    drawn = Drawn()
    for name in ("a", "b"):
        two_months(drawn, name, 50)
    first = drawn.decision("a", "2025-02-05T12:00", status="superseded", level=1)
    override = {"supersedes": first, "override_reason": "customer_called", "level": 3}
    person = drawn.decision("a", "2025-02-05T13:00", **override)
    drawn.decision("b", "2025-02-04T12:00")
    other = drawn.decision("b", "2025-02-05T12:00")
    drawn.rules = [
        {"decision_id": name, "rule": rule, "took_away": taken}
        for name, rule, taken in (
            (first, "dispute", "call"),  # superseded: not in force
            (person, "us_calls_7_in_7", "call"),
            (person, "us_calls_7_in_7", "visit"),
            (other, "us_calls_7_in_7", "call"),
            (other, "dispute", "visit"),
        )
    ]
    steps = {"v1": ("planned", "made", "recorded", "closed"), "v2": ("planned", "closed")}
    drawn.visits = [
        {"visit_id": name, "number": n, "step": step, "account_id": "a", "at": at}
        for name, told in steps.items()
        for n, step in enumerate(told)
        for at in ["2025-02-06T12:00Z"]
    ]
    for visit in drawn.visits:
        visit["at"] = visit["recorded_at"] = pd.Timestamp(visit["at"])
    found = kpi(drawn.write(tmp_path))
    assert found["rules"] == [
        {"rule": "us_calls_7_in_7", "n": 2, "share": 1.0},
        {"rule": "dispute", "n": 1, "share": 0.5},
    ]
    made = found["overrides"]
    assert (made["n"], made["share"]) == (1, pytest.approx(1 / 3))
    assert made["by_reason"] == [{"reason": "customer_called", "n": 1, "share": made["share"]}]
    assert made["moves"] == [{"from": 1, "to": 3, "n": 1}]
    visits = found["visits"]
    assert (visits["planned"], visits["made"], visits["closed"]) == (2, 1, 2)
    assert visits["called_off"] == 1


def test_an_approval_stands_for_what_was_approved(tmp_path: Path) -> None:
    drawn = Drawn()
    for name in ("a", "b"):
        two_months(drawn, name, 50)
    first = drawn.decision("a", "2025-02-05T12:00", status="superseded", level=1)
    told = {"status": "superseded", "supersedes": first, "override_reason": "local_knowledge"}
    raised = drawn.decision("a", "2025-02-05T13:00", level=4, **told)
    drawn.decision("a", "2025-02-05T14:00", level=4, supersedes=raised, override_reason="approved")
    proposed = drawn.decision("b", "2025-02-05T12:00", status="superseded", level=4)
    drawn.decision(
        "b", "2025-02-05T13:00", level=4, supersedes=proposed, override_reason="approved"
    )
    made = kpi(drawn.write(tmp_path))["overrides"]
    assert (made["n"], made["approved"]) == (1, 2)
    assert made["by_reason"] == [{"reason": "local_knowledge", "n": 1, "share": 0.5}]
    assert made["moves"] == [{"from": 1, "to": 4, "n": 1}]


def test_a_window_bounds_decisions_and_only_what_is_asked_for_is_told(tmp_path: Path) -> None:
    drawn = Drawn()
    two_months(drawn, "a", 20)
    drawn.statement("a", MARCH, 20)
    drawn.decision("a", "2025-02-05T00:00")
    drawn.decision("a", "2025-03-05T23:59", level=2)
    folder = drawn.write(tmp_path)
    day = date(2025, 3, 5)
    found = kpi(folder, by=["level"], start=day, end=day)
    assert found["by"].keys() == {"level"}
    assert found["by"]["level"].keys() == {"2"}
    assert found["decisions"]["recorded"] == 1
    assert kpi(folder, end=date(2025, 2, 5))["decisions"]["cycles"] == 1
    with pytest.raises(InputError, match="no decision within") as said:
        kpi(folder, start=date(2025, 4, 1))
    assert "2025-02-05 to 2025-03-05" in said.value.remedy


def test_what_is_missing_or_wrong_in_the_tables_is_told(tmp_path: Path) -> None:
    drawn = Drawn()
    two_months(drawn, "a", 20)
    drawn.decision("a", "2025-02-05T12:00", stage="M9")
    with pytest.raises(TablesError, match="there is no table decisions"):
        kpi(drawn.write(tmp_path / "none", "decisions"))
    with pytest.raises(TablesError, match=r"row 1, column stage: is not a known code"):
        kpi(drawn.write(tmp_path / "wrong"))
    only = Drawn()
    two_months(only, "a", 20)
    only.decision("a", "2025-02-05T12:00", status="proposed")
    with pytest.raises(InputError, match="no decision in force"):
        kpi(only.write(tmp_path / "proposed"))


def test_accounts_of_one_debtor_hang_together(tmp_path: Path) -> None:
    drawn = Drawn()
    for name, debtor in (("a", "d"), ("b", "d"), ("c", ""), ("e", "")):
        two_months(drawn, name, 0, debtor=debtor)
        drawn.decision(name, "2025-02-05T12:00")
    cure = kpi(drawn.write(tmp_path))["total"]["cure"]
    assert (cure["n"], cure["effective_n"]) == (4, 3.0)


def test_each_account_stands_where_its_newest_decision_in_force_saw_it(tmp_path: Path) -> None:
    drawn = Drawn()
    for name in ("a", "b", "c", "d"):
        two_months(drawn, name, 50, currency="EUR" if name == "c" else "USD")
    lasts = {"valid_until": pd.Timestamp("2025-02-20T12:00Z")}
    ended = {"valid_until": pd.Timestamp("2025-02-09T11:59Z")}
    drawn.decision("a", "2025-02-02T12:00", level=4, **lasts)  # decided again
    drawn.decision("a", "2025-02-05T12:00", level=2, past_due_amount=120.005, **lasts)
    drawn.decision("a", "2025-02-06T12:00", level=4, status="proposed", **lasts)
    drawn.decision("b", "2025-02-09T12:00", level=2, past_due_amount=80.0, **lasts)
    drawn.decision("c", "2025-02-04T12:00", level=2, currency="EUR", past_due_amount=7.0, **lasts)
    drawn.decision("d", "2025-02-03T12:00", **ended)
    drawn.decision("nobody", "2025-02-09T11:00", stage="M4+", tier="doubtful", level=0, **lasts)
    told = kpi(drawn.write(tmp_path))["portfolio"]
    assert (told["at"], told["accounts"], told["expired"]) == ("2025-02-09T12:00:00+00:00", 4, 1)
    assert [tuple(cell.values()) for cell in told["cells"]] == [
        ("M1", "medium", 2, "EUR", 1, 7.0),
        ("M1", "medium", 2, "USD", 2, 200.005),
        ("M4+", "doubtful", 0, "USD", 1, 100.0),
    ]


def test_a_decision_whose_end_is_not_told_has_none(tmp_path: Path) -> None:
    drawn = Drawn()
    two_months(drawn, "a", 50)
    two_months(drawn, "b", 50)
    drawn.decision("a", "2025-02-02T12:00")
    drawn.decision("b", "2025-02-20T12:00")
    told = kpi(drawn.write(tmp_path))["portfolio"]
    assert (told["accounts"], told["expired"]) == (2, 0)
