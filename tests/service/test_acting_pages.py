"""Overriding and approving on the page of a decision."""

import re
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from models.generation import Generation
from service.app import create_app
from service.bodies import examples
from service.log.records import Record
from service.review.decision.acting import barred_levels
from service.security.keys import Keys
from tests.scraped import samples
from tests.service.conftest import NOW, Client
from tests.service.pages import Browser, submit
from tests.service.reviewers import Reviewers, rows_of, settings_of

REASON = {"reason": "local_knowledge", "text": "Back from hospital, says the branch."}


@pytest.fixture
def at_work(
    engine: sa.Engine, tmp_path: Path, bundle_dir: Path, generation: Generation
) -> Reviewers:
    return Reviewers(engine, settings_of(tmp_path, bundle_dir), generation)


def address(record: Record) -> str:
    return f"/review/decisions/{record['decision_id']}"


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def override(browser: Browser, record: Record, level: int, **more: str) -> httpx.Response:
    return submit(browser, f"{address(record)}/override", **({"level": str(level)} | REASON | more))


def approve(browser: Browser, record: Record, text: str = "", **more: str) -> httpx.Response:
    return submit(browser, f"{address(record)}/approve", text=text, **more)


def done(at_work: Reviewers, answered: httpx.Response) -> Record:
    """The decision that a form led to."""
    assert answered.status_code == 303, text_of(answered.text)
    path, _, _ = answered.headers["location"].partition("?")
    return at_work.read(path.rpartition("/")[2])


def proposed(at_work: Reviewers) -> Record:
    """Level 4, as Anna has proposed it."""
    return done(at_work, override(at_work.anna, at_work.decided(), 4, confirmed="yes"))


def refused(answered: httpx.Response, status: int, *said: str) -> str:
    assert answered.status_code == status, text_of(answered.text)
    assert 'role="alert"' in answered.text
    text = text_of(answered.text)
    for words in said:
        assert words in text
    return text


def decisions(at_work: Reviewers) -> int:
    return len(rows_of(at_work.engine)["decisions"])


def test_an_override_is_recorded_and_told_on_its_page(at_work: Reviewers) -> None:
    before = at_work.decided(days_past_due=45, past_due_amount=900.0)
    answered = override(at_work.anna, before, 1)
    made = done(at_work, answered)
    assert (made["actor"], made["supersedes"]) == ("anna", before["decision_id"])
    assert made["override_reason"] == {"code": REASON["reason"], "text": REASON["text"]}
    assert made["intensity"]["level"] == 1
    location = answered.headers["location"]
    assert location == f"{address(made)}?done=override"
    page = at_work.anna.get(location)
    assert "anna gave the account level 1 (reminder) on Jul 3, 2025, 12:00:00 UTC." in text_of(
        page.text
    )
    plain = at_work.anna.get(address(made))
    assert "anna gave the account level" not in plain.text
    old = at_work.anna.get(address(before))
    assert f'href="{address(made)}">Open it' in old.text
    assert "/override" not in old.text


def test_a_text_of_more_lines_stands_on_one(at_work: Reviewers) -> None:
    made = done(at_work, override(at_work.anna, at_work.decided(), 2, text="Agreed.\nBy phone. "))
    assert made["override_reason"]["text"] == "Agreed. By phone."


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"level": ""}, {"level"}),
        ({"level": "7"}, {"level"}),
        ({"level": "two"}, {"level"}),
        ({"reason": ""}, {"reason"}),
        ({"reason": "approved"}, {"reason"}),
        ({"reason": "other", "text": "  "}, {"text"}),
        ({"text": "x" * 501}, {"text"}),
        ({"text": "a\x07b"}, {"text"}),
        ({"level": "", "reason": ""}, {"level", "reason"}),
    ],
)
def test_what_is_missing_or_wrong_is_told_at_its_field(
    at_work: Reviewers, fields: dict[str, str], wrong: set[str]
) -> None:
    before = at_work.decided()
    counted = decisions(at_work)
    answered = submit(
        at_work.anna, f"{address(before)}/override", **({"level": "2"} | REASON | fields)
    )
    refused(answered, 422, "marked below")
    told = set(re.findall(r'id="act-(\w+)-told" class="wrong"', answered.text))
    assert told == wrong
    assert answered.text.count('aria-invalid="true"') == len(wrong)
    assert decisions(at_work) == counted
    typed = {"level": "2"} | REASON | fields
    if not fields.get("text", "").startswith(("x", "a\x07")):
        assert typed["text"].strip() in unescape(answered.text)
    if typed["level"] == "2":
        assert '<input type="radio" name="level" value="2" checked>' in answered.text


def test_a_rule_s_level_cannot_be_chosen_and_is_refused(at_work: Reviewers) -> None:
    before = at_work.decided(hardship=True)
    assert barred_levels(before) == {2: "hardship", 3: "hardship", 4: "hardship"}
    page = at_work.anna.get(address(before)).text
    for level in (2, 3, 4):
        (choice,) = re.findall(rf'<label[^>]*><input[^>]*value="{level}"([^>]*)>([^\n]*)', page)
        assert "disabled" in choice[0]
        assert "The customer is in hardship" in choice[1]
    assert re.search(r'name="level" value="0">', page)
    answered = override(at_work.anna, before, 2)
    text = refused(answered, 409, "A rule takes this level away", "The customer is in hardship")
    assert "Levels that no rule takes: 0 (no contact), 1 (reminder)." in text
    assert REASON["text"] in answered.text
    assert "local_knowledge" + '" selected' in answered.text


def test_the_policy_s_bounds_may_be_passed(at_work: Reviewers) -> None:
    before = at_work.decided()
    assert before["intensity"]["levels"][3]["taken_by"] == "stage_highest"
    assert barred_levels(before) == {}
    assert done(at_work, override(at_work.anna, before, 3))["intensity"]["level"] == 3


def test_level_4_is_asked_about_and_approved_by_another(at_work: Reviewers) -> None:
    before = at_work.decided()
    counted = decisions(at_work)
    asked = override(at_work.anna, before, 4)
    assert asked.status_code == 200
    assert "Propose 4 (escalation)?" in text_of(asked.text)
    assert "another reviewer has to approve" in text_of(asked.text)
    assert decisions(at_work) == counted
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    hidden.pop("csrf")
    assert {"level", "reason", "text", "confirmed", "key"} <= hidden.keys()
    answered = submit(at_work.anna, f"{address(before)}/override", **hidden)
    made = done(at_work, answered)
    assert (made["status"], made["intensity"]["level"]) == ("proposed", 4)
    page = text_of(at_work.anna.get(answered.headers["location"]).text)
    assert "anna proposed level 4 (escalation)" in page
    assert "another reviewer has to approve it" in page
    assert "/approve" not in at_work.anna.get(address(made)).text
    refused(approve(at_work.anna, made), 403, "Another person has to approve")
    assert f'action="{address(made)}/approve"' in at_work.ben.get(address(made)).text
    answered = approve(at_work.ben, made, "The branch agrees.")
    approved = done(at_work, answered)
    assert (approved["status"], approved["actor"]) == ("effective", "ben")
    assert approved["override_reason"] == {"code": "approved", "text": "The branch agrees."}
    assert answered.headers["location"].endswith("?done=approve")
    page = text_of(at_work.ben.get(answered.headers["location"]).text)
    assert "ben approved level 4 (escalation) on Jul 3, 2025" in page


def test_an_approved_decision_names_both(at_work: Reviewers) -> None:
    record = done(at_work, approve(at_work.ben, proposed(at_work)))
    for path in ("", "/print"):
        text = text_of(at_work.anna.get(f"{address(record)}{path}").text)
        assert "Proposed by anna, Jul 3, 2025, 12:00:00 UTC" in text
        assert "Approved by ben" in text


def test_what_is_approved_stands_beside_the_button(at_work: Reviewers) -> None:
    record = proposed(at_work)
    text = text_of(at_work.ben.get(address(record)).text)
    said = f"anna proposes level 4 (escalation) for account {record['account_id']}."
    assert f"{said} What is known on the spot says otherwise. {REASON['text']}" in text


def test_approval_is_offered_for_proposals_alone(at_work: Reviewers) -> None:
    before = at_work.decided()
    assert "/approve" not in at_work.ben.get(address(before)).text
    refused(approve(at_work.ben, before), 409, "Nothing waits for approval")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_has_expired_is_told(at_work: Reviewers, language: str) -> None:
    before = proposed(at_work)
    at_work.now = datetime.fromisoformat(before["valid_until"])
    page = at_work.ben.get(f"{address(before)}?lang={language}")
    assert page.status_code == 200
    assert "/approve" not in page.text
    assert "/override" not in page.text
    for answered in (override(at_work.ben, before, 1), approve(at_work.ben, before)):
        title = {"en": "The decision is no longer valid", "zh": "该决策已失效"}[language]
        refused(answered, 409, title)


def test_who_comes_second_is_led_to_the_successor(at_work: Reviewers) -> None:
    before = at_work.decided()
    made = done(at_work, override(at_work.anna, before, 2))
    answered = override(at_work.ben, before, 0)
    refused(answered, 409, "Another decision has taken its place")
    assert f'href="{address(made)}"' in answered.text
    assert 'action="' + address(before) not in answered.text


def test_the_same_level_is_no_override(at_work: Reviewers) -> None:
    before = at_work.decided()
    level = before["intensity"]["level"]
    page = at_work.anna.get(address(before)).text
    assert re.search(rf'name="level" value="{level}" disabled>[^\n]*the level as it is', page)
    refused(override(at_work.anna, before, level), 409, "It is the decision's level already")


def test_a_form_that_is_sent_twice_decides_once(at_work: Reviewers) -> None:
    before = at_work.decided()
    page = at_work.anna.get(address(before)).text
    (key,) = set(re.findall(r'name="key" value="([0-9a-f]{32})"', page))
    first = override(at_work.anna, before, 2, key=key)
    counted = decisions(at_work)
    again = override(at_work.anna, before, 2, key=key)
    assert again.headers["location"] == first.headers["location"]
    assert decisions(at_work) == counted
    refused(override(at_work.anna, before, 0, key=key), 409, "Another decision has taken its place")
    refused(override(at_work.ben, before, 2, key=key), 409, "Another decision has taken its place")


def test_an_approval_that_is_sent_twice_decides_once(at_work: Reviewers) -> None:
    before = proposed(at_work)
    first = approve(at_work.ben, before, key="0" * 32)
    again = approve(at_work.ben, before, key="0" * 32)
    assert first.status_code == 303
    assert again.headers["location"] == first.headers["location"]


def test_what_is_refused_as_of_now_is_told(at_work: Reviewers) -> None:
    before = at_work.decided()
    calls = [
        {
            "contact_id": f"dial-{i}",
            "account_id": "A-1001",
            "at": (NOW - timedelta(hours=1 + i)).isoformat(),
            "channel": "call",
            "direction": "out",
            "outcome": "no_answer",
        }
        for i in range(7)
    ]
    assert at_work.strategy.post("/v1/contacts", json=calls).status_code == 200
    refused(
        override(at_work.anna, before, 2),
        409,
        "A rule takes this level away",
        "At most 7 calls within 7 days",
    )


def test_what_was_overridden_is_counted(engine: sa.Engine, at_work: Reviewers) -> None:
    def told() -> dict[tuple[str, ...], float]:
        key = Keys(engine).add("prometheus", "admin")
        client = Client(at_work.anna.app, {"Authorization": f"Bearer {key}"})
        return samples(client.get("/metrics").text)

    before = at_work.decided()
    done(at_work, override(at_work.anna, before, 2))
    override(at_work.ben, before, 0)
    found = told()
    assert found["curescore_overrides_total", "override"] == 1
    assert found["curescore_problems_total", "already-superseded", "request"] == 1


def test_no_decision_is_not_found(at_work: Reviewers) -> None:
    for verb in ("override", "approve"):
        for decision_id in ("0197d028-6e00-7000-8f4a-6b6a27ac5d88", "nothing"):
            answered = submit(at_work.anna, f"/review/decisions/{decision_id}/{verb}", **REASON)
            assert answered.status_code == 404


def test_without_keys_nobody_else_is_there_to_approve(
    engine: sa.Engine, tmp_path: Path, bundle_dir: Path, generation: Generation
) -> None:
    settings = settings_of(tmp_path, bundle_dir).model_copy(update={"auth": "off"})
    app: FastAPI = create_app(settings, engine, lambda: generation, lambda: NOW)
    browser = Browser(app)
    record: Any = Client(app).post("/v1/decisions", json=examples.decision("USD")).json()
    answered = override(browser, record, 4, confirmed="yes")
    assert answered.status_code == 303
    page = text_of(browser.get(answered.headers["location"]).text)
    assert "This service runs without keys" in page
    assert "curescore keys add NAME --scope review" in page
    path = answered.headers["location"].partition("?")[0]
    refused(submit(browser, f"{path}/approve", text=""), 403, "Another person has to approve")
