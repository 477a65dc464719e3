"""The list of visits: what is to be planned, and what is open, by the step taken last."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from models.generation import Generation
from service.app import create_app
from service.instants import microseconds
from service.log.decisions import DecisionLog
from service.settings import Settings
from service.tables import DECISIONS, VISITS
from service.visits import planning
from tests.service.conftest import NOW, Client
from tests.service.desks import ACCOUNT, ALL, Desk, Json, approved, desk_on, so_late, steps_on

PAGE = "/review/visits"
OPEN = ALL[:-1]


BOTH = pytest.mark.parametrize("desk", ["database_url", "postgres_url"], indirect=True)


@pytest.fixture
def late(body: Json) -> Json:
    return so_late(body)


@pytest.fixture
def desk(request: pytest.FixtureRequest, generation: Generation) -> Iterator[Desk]:
    """On SQLite, or where BOTH says so on each database."""
    url = request.getfixturevalue(getattr(request, "param", "database_url"))
    with desk_on(url, generation) as made:
        yield made


@pytest.fixture
def decision_id(desk: Desk, late: Json) -> str:
    return approved(desk, late)


@pytest.fixture
def step(decision_id: str) -> Callable[..., Json]:
    return steps_on(decision_id)


def shown(desk: Desk, path: str = PAGE, language: str = "en") -> str:
    answered = desk.reviewer.get(path, headers={"Accept-Language": language})
    assert answered.status_code == 200, answered.text
    return unescape(answered.text)


def part(html: str, heading: str) -> str:
    """What stands under a heading."""
    found = re.search(rf"<h2>{re.escape(heading)}</h2>(.*?)(<h2>|</main>)", html, re.S)
    assert found is not None, html
    return found[1]


def test_nothing_is_said_where_there_is_nothing(desk: Desk) -> None:
    html = shown(desk)
    assert "No visit is to be planned." in html
    assert html.count("No visit stands here.") == len(OPEN)
    assert "没有待计划的走访" in shown(desk, language="zh")


@BOTH
def test_an_approved_decision_waits_until_its_visit_is_planned(
    desk: Desk, decision_id: str, step: Callable[..., Json]
) -> None:
    waiting = part(shown(desk), "To plan")
    assert f'href="/review/decisions/{decision_id}"' in waiting
    assert ACCOUNT in waiting
    desk.told(step("planned"))
    html = shown(desk)
    assert decision_id not in part(html, "To plan")
    planned = part(html, "Planned, to be made")
    assert ACCOUNT in planned
    assert "Jul 3, 2025, 12:30:00 UTC" in planned  # as it was agreed


HEADINGS = {
    "planned": "Planned, to be made",
    "made": "Made, to be recorded",
    "recorded": "Recorded, to be followed up or closed",
    "followed_up": "Followed up, to be closed",
}


@BOTH
def test_a_visit_stands_under_the_step_taken_last_with_its_pages(
    desk: Desk, step: Callable[..., Json]
) -> None:
    visit_id = step("planned")["visit_id"]
    for name in ALL:
        desk.told(step(name))
        html = shown(desk)
        for each, heading in HEADINGS.items():
            assert (f'href="{PAGE}/{visit_id}"' in part(html, heading)) == (each == name)
            assert (f'href="{PAGE}/{visit_id}/plan"' in part(html, heading)) == (each == name)
    for path in (f"{PAGE}/{visit_id}", f"{PAGE}/{visit_id}/plan"):
        assert desk.reviewer.get(path).status_code == 200


def test_a_visit_that_was_called_off_is_to_be_planned_again_and_one_that_was_made_is_not(
    desk: Desk, decision_id: str, step: Callable[..., Json]
) -> None:
    desk.told(step("planned"), step("closed", result="called_off"))
    assert decision_id in part(shown(desk), "To plan")
    other = str(uuid4())
    every = [step(name, visit_id=other) for name in ALL]
    desk.told(*every)
    assert decision_id not in part(shown(desk), "To plan")


def test_what_is_no_longer_in_force_asks_for_no_visit(
    desk: Desk, decision_id: str, late: Json, generation: Generation
) -> None:
    assert decision_id in part(shown(desk), "To plan")
    log = DecisionLog(desk.engine)
    ended = planning.to_plan(desk.engine, log, NOW + timedelta(days=60))
    assert ended.records == []
    again = desk.strategy.post("/v1/decisions", json=late).json()
    assert again["status"] == "proposed"  # which takes the place of nothing yet
    assert decision_id in part(shown(desk), "To plan")
    late["account"] |= {"days_past_due": 10, "past_due_amount": 50.0}
    for statement in late["statements"]:
        statement["days_past_due"] = 0
    # A minute later: ids of one instant sort by chance.
    clock = NOW + timedelta(minutes=1)
    app = create_app(Settings(auth="keys"), desk.engine, lambda: generation, lambda: clock)
    later = Desk(app, desk.engine, "later-").strategy.post("/v1/decisions", json=late).json()
    assert later["status"] == "effective"
    assert later["intensity"]["level"] < 4
    assert decision_id not in part(shown(desk), "To plan")


def copies(engine: sa.Engine, decision_id: str, numbers: range) -> list[str]:
    """Accounts with a decision like that one, in the order in which they were decided."""
    query = sa.select(DECISIONS).where(DECISIONS.c.decision_id == UUID(decision_id))
    with engine.begin() as connection:
        row = dict(connection.execute(query).mappings().one())
        first = row["decision_id"].int
        names = [f"copy-{n:03d}" for n in numbers]
        rows = [
            row | {"decision_id": UUID(int=first + 1 + n), "account_id": name}
            for n, name in zip(numbers, names, strict=True)
        ]
        connection.execute(DECISIONS.insert(), rows)
    return names


def test_ten_are_shown_at_first_and_all_that_were_looked_at_on_a_page_of_their_own(
    desk: Desk, decision_id: str
) -> None:
    names = copies(desk.engine, decision_id, range(planning.LOOKED_AT - 1))
    waiting = part(shown(desk), "To plan")
    assert re.findall(r"copy-\d+", waiting) == names[:-11:-1]
    assert "(+190)" in waiting
    assert "Of the newest" not in waiting
    every = part(shown(desk, f"{PAGE}?step=to_plan"), "To plan")
    assert re.findall(r"copy-\d+", every) == names[::-1]
    assert ACCOUNT in every
    copies(desk.engine, decision_id, range(planning.LOOKED_AT - 1, planning.LOOKED_AT))
    waiting = part(shown(desk), "To plan")
    assert "Of the newest 200 decisions in force that escalate." in waiting


def test_a_step_has_pages_newest_first(
    desk: Desk, step: Callable[..., Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.review.pages import visit_list

    monkeypatch.setattr(visit_list, "AT_FIRST", 1)
    monkeypatch.setattr(visit_list, "ON_PAGE", 2)
    made = []
    for number in range(5):
        contact = {"contact_id": f"C-{number}", "account_id": ACCOUNT, "channel": "call"}
        agreed = {"at": "2025-07-01T15:00:00-04:00", "direction": "in", "outcome": "conversation"}
        told = contact | agreed | {"appointment_at": f"2025-07-0{4 + number}T12:30:00Z"}
        assert desk.strategy.post("/v1/contacts", json=told).status_code == 200
        made.append(str(uuid4()))
        desk.told(step("planned", visit_id=made[-1], contact_id=f"C-{number}"))
    ordered = [each["visit_id"] for each in desk.find(state="planned")]
    assert sorted(ordered) == sorted(made)

    def ids(html: str) -> list[str]:
        return re.findall(rf'href="{PAGE}/([0-9a-f-]{{36}})"', html)

    first = shown(desk)
    assert ids(first) == ordered[:1]
    path = f"{PAGE}?step=planned"
    assert f'href="{path}"' in first
    seen: list[str] = []
    for _ in range(3):
        html = shown(desk, path)
        assert "To plan" not in html
        seen += ids(html)
        following = re.search(r'href="([^"]+)">Earlier ones', html)
        path = following[1] if following else ""
    assert (seen, path) == (ordered, "")


def test_what_nobody_has_told_of_for_a_year_is_not_listed(
    engine: sa.Engine, generation: Generation
) -> None:
    at = microseconds(NOW - timedelta(days=365))
    told = {"decision_id": str(uuid4()), "contact_id": "C", "place": "home"}
    body = json.dumps(told | {"at": "2024-07-03T12:00:00Z"}).encode()
    rows = [
        {"visit_id": uuid4(), "number": 0, "step": "planned", "account_id": name, "at": at}
        | {"recorded_at": recorded, "actor": "x", "body": body}
        for name, recorded in (("A-long-ago", at - 1), ("A-a-year-ago", at))
    ]
    with engine.begin() as connection:
        connection.execute(VISITS.insert(), rows)
    app = create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW)
    planned = part(Client(app).get(PAGE).text, "Planned, to be made")
    assert "A-a-year-ago" in planned
    assert "A-long-ago" not in planned


@pytest.mark.parametrize("query", ["step=closed", "step=no", "after=no", "step=planned&after=no"])
def test_a_query_that_means_nothing_shows_the_beginning(desk: Desk, query: str) -> None:
    assert "No visit stands here." in shown(desk, f"{PAGE}?{query}")


def test_no_account_stands_in_an_address(
    desk: Desk, decision_id: str, step: Callable[..., Json]
) -> None:
    desk.told(step("planned"))
    addresses = re.findall(r'(?:href|action|src)="([^"]*)"', shown(desk))
    assert addresses
    assert not [each for each in addresses if ACCOUNT in each]


def test_only_reviewers_read_it(desk: Desk) -> None:
    assert desk.strategy.get(PAGE).status_code == 403
