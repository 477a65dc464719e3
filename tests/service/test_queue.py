"""The queue of decisions: its filters, orders and pages, the search by account, and the CSV."""

import csv
import io
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from typing import Any, get_args
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from models.decision import Status
from models.generation import Generation
from models.intensity.ladder import LEVEL_NAMES, Treatment
from models.intensity.words.names import LEVELS, TREATMENT_NAMES
from models.intensity.words.rules import RULES
from models.score.reasons import Language
from models.score.tier import TIERS
from models.stage import STAGES
from service.app import create_app
from service.log.records import Record, entry
from service.log.superseding import Superseding
from service.review.labels.catalogue import LABELS
from service.review.queue.listed import COLUMNS
from service.settings import Settings
from tests.records import INTENSITY, decided
from tests.service.pages import Browser, submit
from tests.storing import AT, numbered, put

NOW = AT + timedelta(hours=10)
ROWS = 60
LINK = re.compile(r'<th scope="row"><a href="/review/decisions/([0-9a-f-]{36})">')
NEXT = re.compile(r'href="([^"]+)" rel="next"')
CHIP = re.compile(r'<a class="chip" href="([^"]+)">')
LONG = "Ω" * 64
SHA256 = "78" * 32


@pytest.fixture
def browser(engine: sa.Engine, generation: Generation) -> Browser:
    """A browser of a service without keys, whose clock stands at NOW."""
    return Browser(create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW))


def recorded(
    engine: sa.Engine, at: datetime, account: str = "A-1", status: Status = "effective", **more: Any
) -> Record:
    """A decision that was made then; `more` is of its score (stage, tier) and its intensity."""
    made = decided()
    score = {name: more.pop(name) for name in ("stage", "tier") if name in more}
    intensity = INTENSITY._replace(**more)
    made = replace(
        made,
        account_id=account,
        as_of=at.isoformat(),
        valid_until=(at + timedelta(days=2)).isoformat(),
        status=status,
        score=replace(made.score, **score),
        intensity=intensity._replace(name=LEVEL_NAMES[intensity.level]),
    )
    number = numbered(engine, made)
    one, record = entry(made, b"{}", decided_at=at, actor="test", generation=number)
    put(engine, [one])
    return record


@pytest.fixture
def records(engine: sa.Engine) -> list[Record]:
    """Decisions of the last ten days that differ in all that is searched for, newest first."""
    draws = random.Random(3)
    return [
        recorded(
            engine,
            NOW - timedelta(hours=4 * i),
            account=draws.choice(("A-1", "A-2")),
            status=draws.choice(("proposed", "effective", "effective")),
            stage=draws.choice(STAGES),
            tier=draws.choice(TIERS),
            level=draws.randrange(5),
            treatment=draws.choice(get_args(Treatment)),
            binding_rules=INTENSITY.binding_rules[: draws.randrange(3)],
        )
        for i in range(ROWS)
    ]


def links(answered: httpx.Response, status: int = 200) -> list[str]:
    """The decisions that the page lists, in its order."""
    assert answered.status_code == status, answered.text
    return LINK.findall(answered.text)


def ids(records: list[Record]) -> list[str]:
    return [record["decision_id"] for record in records]


def all_pages(browser: Browser, address: str) -> list[str]:
    seen: list[str] = []
    while True:
        answered = browser.get(address)
        seen += links(answered)
        found = NEXT.search(answered.text)
        if found is None:
            return seen
        address = unescape(found[1])


FILTERS: dict[str, Any] = {
    "stage=M2": lambda record: record["score"]["stage"] == "M2",
    "stage=M4%2B": lambda record: record["score"]["stage"] == "M4+",
    "tier=doubtful": lambda record: record["score"]["tier"] == "doubtful",
    "level=4": lambda record: record["intensity"]["level"] == 4,
    "treatment=trace": lambda record: record["intensity"]["treatment"] == "trace",
    "status=effective": lambda record: record["status"] == "effective",
    "status=any": lambda record: True,
    f"model={SHA256}": lambda record: True,
    "from=2026-11-20": lambda record: record["decided_at"] >= "2026-11-20",
    "until=2026-11-20": lambda record: record["decided_at"] < "2026-11-21",
    "from=2026-11-19&until=2026-11-19": lambda record: record["decided_at"][:10] == "2026-11-19",
    "rule=us_ny_nyc.dcwp.contacts": lambda record: len(record["intensity"]["binding_rules"]) > 0,
    "tier=low&level=1&stage=": lambda record: (
        (record["score"]["tier"], record["intensity"]["level"]) == ("low", 1)
    ),
}


def test_each_filter_leaves_what_it_says(browser: Browser, records: list[Record]) -> None:
    for query, meets in FILTERS.items():
        expected = ids([record for record in records if meets(record)])
        assert expected, query
        assert links(browser.get(f"/review?sort=newest&size=100&{query}")) == expected, query
        listed = browser.get(f"/review/decisions.csv?sort=newest&size=100&{query}").text
        assert [row["decision_id"] for row in table(listed)] == expected, query


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_what_needs_approval_stands_first(browser: Browser, records: list[Record]) -> None:
    seen = all_pages(browser, "/review?size=25")
    valid = NOW - timedelta(days=2)

    def place(record: Record) -> int:
        if record["status"] == "effective":
            return 1
        return 0 if datetime.fromisoformat(record["as_of"]) >= valid else 2

    assert seen == ids(sorted(records, key=place))
    assert {place(record) for record in records} == {0, 1, 2}


ORDERS: dict[str, Callable[[Record], int]] = {
    "newest": lambda record: 0,
    "highest_level": lambda record: -int(record["intensity"]["level"]),
    "latest_stage": lambda record: -STAGES.index(record["score"]["stage"]),
    "worst_tier": lambda record: -TIERS.index(record["score"]["tier"]),
    "best_tier": lambda record: TIERS.index(record["score"]["tier"]),
}


def test_each_order_is_kept_over_all_pages(browser: Browser, records: list[Record]) -> None:
    for order, place in ORDERS.items():
        seen = all_pages(browser, f"/review?size=25&sort={order}")
        assert seen == ids(sorted(records, key=place)), order


def test_a_row_tells_the_decision_in_words(browser: Browser, engine: sa.Engine) -> None:
    record = recorded(engine, NOW, account=LONG, stage="M3", tier="doubtful", level=2)
    for language in ("en", "zh"):
        html = browser.get(f"/review?lang={language}").text
        words = [LEVELS["call"], TREATMENT_NAMES["offer_plan"], LABELS["doubtful"]]
        for told in (LONG, "M3", "41.0%", "cure/1", SHA256[:12], *(w.of(language) for w in words)):
            assert told in html, told
        assert record["decision_id"] in html


def test_a_proposal_that_ran_out_is_said_to_have(browser: Browser, engine: sa.Engine) -> None:
    recorded(engine, NOW - timedelta(days=2, seconds=1), status="proposed")
    html = browser.get("/review").text
    assert f'<span class="chip expired">{LABELS["expired"].en}</span>' in html
    assert 'class="chip proposed"' not in html
    assert LABELS["queue_waiting_none"].en in html
    recorded(engine, NOW - timedelta(days=1), status="proposed")
    html = browser.get("/review").text
    assert 'class="chip proposed"' in html
    assert LABELS["queue_waiting_one"].en in html
    told = browser.get("/review/decisions.csv").text
    assert [row["status"] for row in table(told)] == ["proposed", "expired"]


def test_so_many_proposals_wait(
    browser: Browser, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.review.pages.queue.COUNTED", 3)
    recorded(engine, NOW, status="proposed")
    for i, told in enumerate(("2 proposals", "3 proposals", "3+ proposals"), 2):
        recorded(engine, NOW - timedelta(minutes=i), status="proposed")
        html = browser.get("/review").text
        assert f"{told} wait for approval." in html
        assert '<a href="/review?status=proposed">' in html


def superseded(engine: sa.Engine, record: Record) -> Record:
    """The record's successor."""
    made = replace(decided(), account_id=record["account_id"])
    number = numbered(engine, made)
    at = datetime.fromisoformat(record["decided_at"]) + timedelta(minutes=1)
    one, later = entry(made, b"{}", decided_at=at, actor="anna", generation=number)
    with engine.connect() as connection:
        kind = connection.execute(
            sa.text("SELECT kind FROM decisions ORDER BY decision_id LIMIT 1")
        ).scalar_one()
    Superseding(engine).record(one, UUID(record["decision_id"]), kind, None)
    return later


def test_superseded_decisions_are_shown_where_they_are_asked_for(
    browser: Browser, engine: sa.Engine
) -> None:
    first = recorded(engine, NOW - timedelta(hours=1), status="proposed")
    later = superseded(engine, first)
    both = [later["decision_id"], first["decision_id"]]
    for sort in ("approval", "newest", "highest_level"):
        assert links(browser.get(f"/review?sort={sort}")) == both[:1]
        assert links(browser.get(f"/review?sort={sort}&status=superseded")) == both[1:]
        assert links(browser.get(f"/review?sort={sort}&status=any")) == both
    assert links(browser.get(f"/review?same_account_as={later['decision_id']}")) == both


def test_an_account_is_found_and_its_id_is_in_no_address(
    browser: Browser, records: list[Record]
) -> None:
    its = [record for record in records if record["account_id"] == "A-2"]
    answered = submit(browser, "/review/search", account="  A-2 ", size="25")
    assert answered.status_code == 303
    address = answered.headers["location"]
    assert address == f"/review?size=25&same_account_as={its[0]['decision_id']}"
    assert all_pages(browser, address) == ids(its)  # the newest first, of every status
    html = browser.get(address).text
    assert '<span class="id">A-2</span>' in html
    assert not re.search(r'(?:href|action)="[^"]*A-2', html)
    narrowed = browser.get(f"{address}&level=4")
    assert links(narrowed) == ids([each for each in its if each["intensity"]["level"] == 4])
    kept = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', narrowed.text)
    assert ("same_account_as", its[0]["decision_id"]) in kept


UNKNOWN = {
    "nobody": (404, "queue_account_unknown"),
    "<b>": (404, "queue_account_unknown"),
    "": (422, "queue_account_wrong"),
    "   ": (422, "queue_account_wrong"),
    "x" * 65: (422, "queue_account_wrong"),
    "a\tb": (422, "queue_account_wrong"),
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_account_that_is_not_there_is_told_and_its_field_is_kept(
    browser: Browser, engine: sa.Engine, language: Language
) -> None:
    recorded(engine, NOW)
    for account, (status, label) in UNKNOWN.items():
        path = f"/review/search?lang={language}"
        answered = submit(browser, path, account=account, level="4")
        assert answered.status_code == status
        html = answered.text
        assert LABELS[label].of(language) in unescape(html)
        found = re.search(r'<input id="account" name="account" value="([^"]*)"', html)
        assert found is not None
        assert unescape(found[1]) == account.strip()
        assert 'name="level" value="4"' in html
        assert not LINK.search(html)
        assert 'href="/review?level=4&amp;lang=zh"' in html  # which can be opened


def test_an_id_with_a_space_at_its_end_is_found_and_is_no_other(
    browser: Browser, engine: sa.Engine
) -> None:
    for account in ("A-1", "A-1 ", " A-9"):
        its = recorded(engine, NOW, account=account)["decision_id"]
        answered = submit(browser, "/review/search", account=account)
        assert answered.headers["location"] == f"/review?same_account_as={its}"


def test_a_search_without_the_pages_token_is_refused(browser: Browser) -> None:
    browser.get("/review")
    assert browser.post("/review/search", data={"account": "A-1"}).status_code == 403


WRONG = {
    "level": ("9", "-1", "x", "1.0"),
    "stage": ("M5", "m1"),
    "tier": ("lowest",),
    "treatment": ("sue",),
    "status": ("done",),
    "rule": ("two words", "x" * 65),
    "model": ("cure/1", "7" * 63),
    "from": ("31/31", "2026-02-30", "20261101", "2026-11-01T00:00:00Z"),
    "until": ("x", "9999-12-31"),
    "sort": ("upwards",),
    "size": ("26", "all"),
    "cursor": ("x", "1.0.1", "1.4"),
    "same_account_as": ("A-1", "01a20c6a-0b30-7000-844f-e3cc3d77e174"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_is_told_and_the_rest_is_kept(
    browser: Browser, engine: sa.Engine, name: str
) -> None:
    recorded(engine, NOW)
    other = ("tier", "low") if name != "tier" else ("level", "2")
    for value in WRONG[name]:
        sent = urlencode({"sort": "newest"} | dict([other]) | {name: value})
        for path in ("/review", "/review/decisions.csv"):
            answered = browser.get(f"{path}?{sent}")
            assert links(answered, 422) == []
            html = unescape(answered.text)
            assert LABELS["queue_wrong"].en in html
            assert f"{LABELS[f'queue_{name}'].en}: <q>{value}</q>" in html
            assert f'<option value="{other[1]}" selected>' in html
            if name not in ("cursor", "same_account_as"):
                assert re.search(rf'id="{name}"[^>]*aria-invalid="true"', html)


def test_a_wrong_filter_of_a_search_by_account_is_told_too(browser: Browser) -> None:
    answered = submit(browser, "/review/search", account="A-1", level="9")
    assert answered.status_code == 422
    assert 'name="account" value="A-1"' in answered.text
    assert LABELS["queue_wrong_choice"].en in answered.text


def test_days_that_end_before_they_begin_are_wrong(browser: Browser) -> None:
    answered = browser.get("/review?from=2026-11-02&until=2026-11-01")
    assert answered.status_code == 422
    assert LABELS["queue_wrong_span"].en in answered.text


def test_applied_filters_can_be_removed_one_by_one(browser: Browser, records: list[Record]) -> None:
    sent = {
        "from": "2026-11-15",
        "stage": "M4+",
        "treatment": "trace",
        "rule": "us_ny_nyc.dcwp.contacts",
        "model": SHA256,
        "sort": "newest",
    }
    html = browser.get(f"/review?{urlencode(sent)}").text
    assert RULES["us_ny_nyc.dcwp.contacts"].en in unescape(html)
    assert f"cure/1 · {SHA256[:12]}" in html
    without = [unescape(address) for address in CHIP.findall(html)]
    expected = [
        f"/review?{urlencode({key: value for key, value in sent.items() if key != name})}"
        for name in ("from", "stage", "treatment", "rule", "model")
    ]
    assert without == expected
    assert "Nov 15, 2026" in html


def test_what_no_list_tells_any_more_is_still_looked_for(browser: Browser) -> None:
    html = browser.get(f"/review?rule=a.rule.of.old&model={'0' * 64}").text
    assert '<option value="a.rule.of.old" selected>' in html
    assert f'<option value="{"0" * 64}" selected>' in html
    assert LABELS["queue_nothing"].en in html


def test_empty_pages_say_what_to_do(browser: Browser, engine: sa.Engine) -> None:
    html = browser.get("/review").text
    assert LABELS["none_yet"].en in html
    assert "POST /v1/decisions" in html
    assert LABELS["queue_nothing"].en not in html
    recorded(engine, NOW, level=1)
    html = browser.get("/review?level=4").text
    assert LABELS["queue_nothing"].en in html
    assert LABELS["none_yet"].en not in html
    assert "decisions.csv" not in html


def test_a_csv_holds_the_rows_of_its_page_as_they_were_recorded(
    browser: Browser, engine: sa.Engine, records: list[Record]
) -> None:
    bad = recorded(engine, NOW + timedelta(seconds=1), account="=1+1")
    address = "/review?sort=newest&size=25"
    found = NEXT.search(browser.get(address).text)
    assert found is not None
    second = browser.get(unescape(found[1]))
    linked = re.search(r'href="(/review/decisions\.csv[^"]+)"', second.text)
    assert linked is not None
    answered = browser.get(unescape(linked[1]))
    assert answered.headers["content-type"] == "text/csv; charset=utf-8"
    assert answered.headers["content-disposition"] == (
        f'attachment; filename="decisions-{NOW:%Y-%m-%d}.csv"'
    )
    rows = table(answered.text)
    assert [row["decision_id"] for row in rows] == links(second)
    assert ids(records[24:49]) == links(second)
    for row, record in zip(rows, records[24:49], strict=True):
        assert list(row) == list(COLUMNS)
        assert row["decided_at"] == record["decided_at"]
        assert float(row["probability"]) == record["score"]["probability"]
        assert row["treatment"] == record["intensity"]["treatment"]
        assert row["valid_until"] == record["valid_until"]
        assert row["bundle_sha256"] == SHA256
    first = browser.get("/review/decisions.csv?sort=newest&size=25")
    assert first.content.startswith(b"\xef\xbb\xbfdecision_id,decided_at,account_id,")
    assert (table(first.text)[0]["decision_id"], table(first.text)[0]["account_id"]) == (
        bad["decision_id"],
        "'=1+1",
    )


def test_the_page_says_that_days_are_those_of_utc(browser: Browser) -> None:
    for language in ("en", "zh"):
        assert LABELS["queue_days"].of(language) in browser.get(f"/review?lang={language}").text
        assert "UTC" in LABELS["queue_days"].of(language)


def test_the_first_page_is_the_queue(browser: Browser) -> None:
    answered = browser.get("/")
    assert (answered.status_code, answered.headers["location"]) == (307, "/review")
