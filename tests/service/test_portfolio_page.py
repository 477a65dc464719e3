"""The page of the whole portfolio: each figure is that of the newest published report."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from features.tables import CHANNELS
from models.generation import Generation
from models.intensity.plan import Plan, Terms, read_plan, write_plan
from models.intensity.rules.version import RULES_VERSION
from service.app import create_app
from service.reports.kpi import Kpi
from service.reports.monitor import Monitor
from service.reports.store import Reports
from service.settings import Settings
from tests.reported import MANY, kpi_report, monitor_report, realised
from tests.service.conftest import NOW, Client

Json = dict[str, Any]
PAGE = "/review/portfolio"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Json:
    return kpi_report(tmp_path_factory.mktemp("kpi") / "tables")


@pytest.fixture
def reports(engine: sa.Engine) -> Reports:
    return Reports(engine)


def shown(client: Client, path: str = PAGE, language: str = "en") -> str:
    answered = client.get(path, headers={"Accept-Language": language})
    assert answered.status_code == 200, answered.text
    return unescape(answered.text)


def rows_of(html: str, heading: str) -> list[list[str]]:
    """The first rows of a table after a text, as the texts of their cells."""
    table = re.search(r"<tr>.*?</table>", html[html.index(heading) :], re.S)
    assert table is not None
    rows = re.findall(r"<tr>(.*?)</tr>", table[0], re.S)
    return [
        [
            re.sub(r"<[^>]*>", "", cell).strip()
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        ]
        for row in rows
    ]


def test_without_reports_each_part_says_how_to_fill_it(client: Client) -> None:
    html = shown(client)
    for command in (
        "curescore kpi --data var/seen --publish",
        "curescore monitor --data var/night --publish",
        "--capacity capacity.toml",
    ):
        assert command in html
    assert "<canvas" not in html
    assert "尚未发布关键指标" in shown(client, language="zh")


def test_accounts_stand_in_their_cells_with_totals(
    client: Client, reports: Reports, report: Json
) -> None:
    reports.publish(Kpi, report, "nightly", NOW)
    head, *rows, total = rows_of(shown(client), "Accounts by stage, tier and level")
    assert head[:3] == ["Stage", "Risk tier", "0 (no contact)"]
    cells = report["portfolio"]["cells"]
    for level in range(5):
        of_level = sum(cell["accounts"] for cell in cells if cell["level"] == level)
        assert total[1 + level] == str(of_level)
        inside = sum(int(row[-6:][level] or 0) for row in rows)
        assert inside == of_level
    assert total[-1] == str(MANY)
    low = sum(cell["accounts"] for cell in cells if cell["tier"] == "low")
    assert next(row for row in rows if "low" in row)[-1] == str(low)


def test_what_is_past_due_is_shown_by_currency(
    client: Client, reports: Reports, report: Json
) -> None:
    reports.publish(Kpi, report, "nightly", NOW)
    cells = report["portfolio"]["cells"]
    for currency in ("USD", "EUR"):
        html = shown(client, f"{PAGE}?show={currency}")
        total = rows_of(html, "Accounts by stage, tier and level")[-1]
        amount = sum(cell["past_due_amount"] for cell in cells if cell["currency"] == currency)
        assert total[-1] == f"{amount:,.0f}"
        assert f'?show={currency}#standing" aria-current="true"' in html
    for wrong in ("XXX", "a" * 5_000, "<b>"):
        assert rows_of(shown(client, f"{PAGE}?show={wrong}"), "Accounts by stage")[-1][-1] == "40"


def test_months_are_drawn_with_their_numbers(
    client: Client, reports: Reports, report: Json
) -> None:
    reports.publish(Kpi, report, "nightly", NOW)
    html = shown(client)
    head, february, march = rows_of(html, "Share cured, by month of decision")
    assert (head, february[0], march[0]) == (["Month", "Cured", "n"], "Feb 2025", "Mar 2025")
    cure = report["by"]["month"]["2025-02"]["cure"]
    told = [f"{100 * cure[name]:.1f}%" for name in ("rate", "low", "high")]
    assert february[1:] == [f"{told[0]} [{told[1]}, {told[2]}]", str(cure["n"])]
    recovered = report["by"]["month"]["2025-02"]["money"]["USD"]["recovered"]
    assert rows_of(html, "Recovered in USD")[1][1] == f"{recovered:,.2f}\N{NO-BREAK SPACE}USD"
    kept = report["by"]["month"]["2025-02"]["promises"]
    answers = rows_of(html, "Reached, and promises kept")[1]
    assert answers[3].startswith(f"{100 * kept['rate']:.1f}% [")
    assert answers[4] == str(kept["n"])
    per_cure = report["by"]["month"]["2025-02"]["contacts"]["per_cure"]
    assert rows_of(html, "Contacts for each cure")[1][2] == f"{per_cure:.1f}"
    assert html.count("<canvas") == 5  # of money in two currencies
    assert "not effects" in html


def test_figures_of_all_and_of_groups_are_those_of_the_report(
    client: Client, reports: Reports, report: Json
) -> None:
    reports.publish(Kpi, report, "nightly", NOW)
    html = shown(client)
    cards = {
        name: (told, detail)
        for name, told, detail in re.findall(
            r'"label">([^<]+)</span><strong>([^<]+)</strong><small>([^<]*)</small>', html
        )
    }
    total = report["total"]
    cure, usd = total["cure"], total["money"]["USD"]["recovered"]
    between = f"95% interval {cure['low']:.1%} to {cure['high']:.1%}, n = {cure['n']}"
    assert cards["Cured"] == (f"{cure['rate']:.1%}", between)
    assert cards["Recovered, USD"][0] == f"{usd:,.0f}"
    assert cards["Contacts per cure"][0] == f"{total['contacts']['per_cure']:.1f}"
    head, *rows = rows_of(html, "<caption>By level")
    assert head[:6] == ["Contact level", "Cycles", "Cured", "n", "Recovered, EUR", "Recovered, USD"]
    for row, (level, group) in zip(rows, report["by"]["level"].items(), strict=True):
        assert row[0].startswith(f"{level} (")
        assert row[1] == str(group["cycles"])
        assert row[5] == f"{group['money']['USD']['recovered']:,.0f}"
    assert [row[0] for row in rows_of(html, "<caption>By stage")[1:]] == ["M1", "M2"]


def test_of_how_many_the_outcome_is_known_is_told(
    client: Client, reports: Reports, report: Json
) -> None:
    late = report["decisions"]["late_cycles"]
    for day, (known, told) in enumerate(((late, False), (late - 3, True))):
        cure = report["total"]["cure"] | {"n": known}
        total = report["total"] | {"cure": cure}
        reports.publish(Kpi, report | {"total": total}, "me", NOW + day * DAY)
        said = f"is known of {known} of the {late} late account-cycles"
        assert (said in shown(client)) == told


def test_a_share_of_few_is_not_told(client: Client, reports: Reports, report: Json) -> None:
    few = report["total"]["cure"] | {"n": 29, "too_few": True}
    months = {"2025-02": report["by"]["month"]["2025-02"] | {"cure": few}}
    by = report["by"] | {"month": months}
    reports.publish(Kpi, report | {"by": by}, "nightly", NOW)
    assert rows_of(shown(client), "Share cured, by month")[1] == ["Feb 2025", "too few", "29"]
    assert "样本过少" in shown(client, language="zh")


def test_the_last_24_months_are_shown_and_what_is_not_known_is_no_number(
    client: Client, reports: Reports, report: Json
) -> None:
    unknown = dict.fromkeys(("money", "contacts", "reach", "promises"))
    group = report["by"]["month"]["2025-02"] | unknown
    names = [f"{2023 + n // 12}-{n % 12 + 1:02d}" for n in range(26)]
    by = report["by"] | {"month": dict.fromkeys(names, group)}
    reports.publish(Kpi, report | {"by": by, "total": report["total"] | unknown}, "me", NOW)
    html = shown(client)
    rows = rows_of(html, "Share cured, by month")
    assert [rows[1][0], rows[-1][0], len(rows)] == ["Mar 2023", "Feb 2025", 25]
    assert "2 months before these" in html
    assert html.count("<canvas") == 1
    assert "not known" in html


def test_overrides_and_rules_are_told_in_words(
    client: Client, reports: Reports, report: Json
) -> None:
    reports.publish(Kpi, report, "nightly", NOW)
    _, *reasons = rows_of(shown(client), "Overrides by reason")
    share = report["overrides"]["by_reason"][0]["share"]
    assert reasons[0] == ["What is known on the spot says otherwise.", "2", f"{share:.2%}"]
    _, *rules = rows_of(shown(client), "Rules that bound most")
    assert [row[1] for row in rules] == [str(each["n"]) for each in report["rules"]]
    assert "At most 7 calls within 7 days" in rules[0][0]
    assert "一线掌握的情况与此不同" in shown(client, language="zh")


def test_each_part_says_of_when_it_is_and_when_that_is_long_ago(
    engine: sa.Engine, generation: Generation, reports: Reports, report: Json
) -> None:
    known = datetime.fromisoformat(report["known_until"])
    reports.publish(Kpi, report, "bank-nightly", known + DAY)

    def at(now: datetime) -> str:
        app = create_app(Settings(auth="off"), engine, lambda: generation, lambda: now)
        return shown(Client(app))

    html = at(known + 35 * DAY)
    assert "Decisions as of Feb 3, 2025 to Mar 3, 2025" in html
    assert "by bank-nightly" in html
    assert "It tells nothing of the last" not in html
    assert "It tells nothing of the last 36 days" in at(known + 36 * DAY)


def test_drift_is_drawn_over_time_one_report_of_each_day(client: Client, reports: Reports) -> None:
    told = [("2025-06-28", 0.05), ("2025-06-30", 0.09), ("2025-06-29", 0.07), ("2025-06-30", 0.11)]
    for number, (day, score) in enumerate(told):
        reports.publish(Monitor, monitor_report(day, score), "nightly", NOW + number * DAY)
    html = shown(client)
    _, *rows = rows_of(html, "Stability index (PSI) over time")
    assert [(row[0], row[3]) for row in rows] == [
        ("Jun 28, 2025", "0.050"),
        ("Jun 29, 2025", "0.070"),
        ("Jun 30, 2025", "0.110"),  # as it was reported last
    ]
    assert rows[-1][4:6] == ["0.310", "paid_share_mean_6"]  # not_used drifted more
    drawn = re.search(r"Stability index \(PSI\) over time.*?json\">(.*?)</script>", html, re.S)
    assert drawn is not None
    assert '"Bound"' in drawn[1]
    assert "0.25" in drawn[1]
    assert "Bounds broken in the newest report: 1." in html
    assert "curescore monitor --data var/night --outcomes" in html


def test_what_came_of_scores_is_of_the_newest_report_that_knows_it(
    client: Client, reports: Reports
) -> None:
    reports.publish(Monitor, monitor_report("2025-05-31", outcomes=realised()), "nightly", NOW)
    reports.publish(Monitor, monitor_report("2025-06-30"), "nightly", NOW + DAY)
    html = shown(client)
    assert "is of May 31, 2025" in html
    _, *rows = rows_of(html, "Predicted and realised share, by stage")
    assert rows == [
        ["M1", "2,900", "31.4%", "32.6% [29.6%, 35.6%]", "+1.2 [-1.8, +4.2]"],
        ["M2", "100", "14.6%", "19.6% [12.6%, 26.6%]", "+5.0 [-2.0, +12.0]"],
        ["All", "3,000", "29.4%", "30.8% [27.8%, 33.8%]", "+1.4 [-1.6, +4.4]"],
    ]
    assert "Predicted and realised share, over time" not in html
    reports.publish(Monitor, monitor_report("2025-06-30", outcomes=realised()), "x", NOW + 2 * DAY)
    _, *rows = rows_of(shown(client), "Predicted and realised share, over time")
    assert [row[0] for row in rows] == ["May 31, 2025", "Jun 30, 2025"]


def test_targets_stand_apart(client: Client, reports: Reports) -> None:
    reports.publish(Monitor, monitor_report(), "nightly", NOW)
    html = shown(client)
    assert "Monitoring of cure scores" in html
    assert "Monitoring of early-warning scores" not in html
    reports.publish(Monitor, monitor_report(target="early_warning"), "nightly", NOW)
    assert "Monitoring of early-warning scores" in shown(client)


@pytest.fixture
def planned(
    engine: sa.Engine, generation: Generation, tmp_path: Path
) -> Callable[..., tuple[Client, Plan]]:
    """A client of a service with a capacity plan, which was made a day ago."""

    def made(**changes: Any) -> tuple[Client, Plan]:
        policy = generation.policy
        at = NOW - DAY
        terms = {
            "run_id": "run-7",
            "as_of": at,
            "decided_at": at,
            "prices": {"agent_minutes": 0.75, "letters": 0.0, "visits": 12.5},
            "capacity": {"agent_minutes": 3_000.0, "letters": None, "visits": 10.0},
            "use": {"agent_minutes": 2_700.0, "letters": 1_234.0, "visits": 9.9999},
            "value": 100.0,
            "bound": 101.0,
            "keeps_minimum": True,
            "bundles": {name: bundle.sha256 for name, bundle in generation.bundles.items()},
            "policy_sha256": policy.sha256,
            "estimate_sha256": policy.estimate_sha256,
            "currencies": {"USD": 1.0},
            "rules": RULES_VERSION,
            "n": 5,
        }
        keys = np.arange(5, dtype=np.uint64)
        folder = write_plan(
            tmp_path / "plans", Terms(**(terms | changes)), keys, np.zeros(5, np.uint8)
        )
        plan = read_plan(folder)
        current = replace(generation, plan=plan)
        app = create_app(Settings(auth="off"), engine, lambda: current, lambda: NOW)
        return Client(app), plan

    return made


def test_what_is_used_of_each_resource_stands_with_its_price(
    planned: Callable[..., tuple[Client, Plan]],
) -> None:
    client, _ = planned()
    html = shown(client)
    _, *rows = rows_of(html, "Capacity used, and its price")
    assert rows == [
        ["minutes of an agent", "2,700.0", "3,000.0", "90.0%", "0.75"],
        ["letters", "1,234.0", "no limit", "–", "0.00"],
        ["visits", "10.0", "10.0", "100.0%", "12.50"],
    ]
    assert 'class="lowers" x="0" y="1" width="100.0"' in html
    assert "<p>1 USD</p>" in html
    assert "days old; its decisions hold" not in html
    assert "was made with other models" not in html


def test_a_plan_that_is_old_or_does_not_fit_is_said(
    planned: Callable[..., tuple[Client, Plan]],
) -> None:
    old = NOW - 90 * DAY
    client, _ = planned(as_of=old, policy_sha256="0" * 64, keeps_minimum=False)
    html = shown(client)
    assert "The plan is 90 days old" in html
    assert "was made with other models" in html
    assert "too little for the lowest levels" in html


def test_a_resource_of_which_there_is_nothing_has_no_share(
    planned: Callable[..., tuple[Client, Plan]],
) -> None:
    nothing = {"agent_minutes": 10.0, "letters": None, "visits": 0.0}
    use = {"agent_minutes": 1.0, "letters": 0.0, "visits": 0.0}
    client, _ = planned(capacity=nothing, use=use)
    assert rows_of(shown(client), "Capacity used")[-1][1:4] == ["0.0", "0.0", "–"]


def test_long_texts_and_large_amounts_fit_and_are_escaped(
    client: Client, reports: Reports, report: Json
) -> None:
    cell = report["portfolio"]["cells"][0] | {"past_due_amount": 123_456_789_012.3}
    standing = report["portfolio"] | {"cells": [cell], "accounts": cell["accounts"]}
    reason = {"reason": "<script>" + "x" * 490, "n": 1, "share": 0.5}
    overrides = report["overrides"] | {"by_reason": [reason]}
    reports.publish(Kpi, report | {"portfolio": standing, "overrides": overrides}, "a" * 64, NOW)
    html = client.get(f"{PAGE}?show=USD").text
    assert "<script>x" not in html
    assert "123,456,789,012" in html


def test_a_portfolio_in_which_no_account_stands_says_so(
    client: Client, reports: Reports, report: Json
) -> None:
    empty = report["portfolio"] | {"cells": [], "accounts": 0, "expired": 3}
    more: Json = {"rules": [], "visits": None}
    overrides = {"n": 0, "share": 0.0, "approved": 0, "by_reason": []}
    reports.publish(Kpi, report | more | {"portfolio": empty, "overrides": overrides}, "me", NOW)
    html = shown(client)
    assert "No account has a decision in force." in html
    assert "No rule bound any decision." in html
    assert "No person has made any" in html


def test_visits_of_the_report_are_counted(client: Client, reports: Reports, report: Json) -> None:
    assert "visit" in CHANNELS
    reports.publish(Kpi, report, "nightly", NOW)
    html = shown(client)
    part = html[html.rindex("Visits to plan") :]
    counts = re.findall(r'class="label">([^<]+)</span><strong>(\d+)</strong>', part)
    visits = report["visits"]
    assert dict(counts) == {
        "planned": "2",
        "made": str(visits["made"]),
        "recorded": "1",
        "followed up": "0",
        "closed": "1",
        "called off": "1",
    }
    assert "Visits to plan</span><strong>0</strong>" in html


def test_readers_with_another_scope_are_kept_out(
    engine: sa.Engine, generation: Generation, keys: Any
) -> None:
    app = create_app(Settings(auth="keys"), engine, lambda: generation, lambda: datetime.now(UTC))
    for scope, status in (("score", 403), ("review", 200)):
        client = Client(app, {"Authorization": f"Bearer {keys.add(scope, scope)}"})
        assert client.get(PAGE).status_code == status
