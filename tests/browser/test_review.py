"""A reviewer's work in a real browser, from signing in to signing out, in both languages."""

import csv
from pathlib import Path
from typing import Any

import pytest

from models.intensity.ladder import LEVELS
from service.review.labels.catalogue import LABELS
from tests import plain
from tests.browser.conftest import Visit
from tests.browser.pages import SIGN_IN
from tests.browser.reading import press, tab_to, waterfall
from tests.browser.visitor import Language, Visitor
from tests.browser.world import Json, World, other_level

# MLflow 3.17 on SQLAlchemy 2.1: theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")

BOTH = pytest.mark.parametrize("language", ["en", "zh"])
TEXT = "The branch says that he is back from hospital."
HALF_A_PIXEL = 0.5  # of the bars' own rounding, on either side


def asked(there: World, path: str, body: Json | None = None) -> Json:
    """What the API answers."""
    headers = {"Authorization": f"Bearer {there.keys['anna']}"}
    address = f"{there.address}{path}"
    answered = (
        plain.get(address, headers=headers)
        if body is None
        else plain.post(address, headers=headers, json=body)
    )
    assert answered.status_code == 200, answered.text
    return dict(answered.json())


def recorded(there: World, account_id: str) -> list[Json]:
    """All decisions of the account."""
    found = asked(there, "/v1/decisions:search", {"account_id": account_id, "limit": 100})
    return list(found["decisions"])


def effective(there: World, number: int) -> Json:
    """One of the decisions that nobody has touched, and that may go to level 4."""
    free = [
        each
        for each in there.decided
        if each["status"] == "effective"
        and each["decision_id"] != there.overridden["supersedes"]
        and each["intensity"]["levels"][4]["taken_by"] is None
    ]
    return free[number]


def words(name: str, language: Language, **values: Any) -> str:
    return LABELS[name].of(language).format(**values)


def signed_in(visit: Visit, there: World, name: str, **how: Any) -> Visitor:
    visitor = visit(**how)
    visitor.open(SIGN_IN)
    visitor.sign_in(there.keys[name])
    return visitor


def of(record: Json) -> str:
    return f"/review/decisions/{record['decision_id']}"


@BOTH
def test_nobody_comes_in_with_a_wrong_key_and_who_left_is_out(
    visit: Visit, there: World, language: Language
) -> None:
    visitor = visit(language=language)
    page = visitor.page
    visitor.open("/review?status=proposed")
    assert visitor.path.startswith(SIGN_IN)
    assert page.locator("h1").inner_text() == words("sign_in", language)
    visitor.sign_in("cs_nobody-has-this-key")
    refused = page.locator("[role=alert]").inner_text()
    assert refused == words("sign_in_unauthorised", language)
    visitor.sign_in(there.keys["anna"])
    assert visitor.path == "/review?status=proposed"
    assert page.locator(".caller").inner_text() == "anna"
    assert "key" not in page.context.cookies()[0]["value"]

    page.locator("form[action='/review/sign-out'] button").click()
    assert visitor.path.startswith(SIGN_IN)
    visitor.open(of(there.proposed[0]))
    assert visitor.path.startswith(SIGN_IN)


@BOTH
def test_a_decision_is_found_by_its_account_and_by_filters(
    visit: Visit, there: World, language: Language, tmp_path: Path
) -> None:
    visitor = signed_in(visit, there, "anna", language=language)
    page = visitor.page
    account_id = there.proposed[0]["account_id"]
    page.locator("#account").fill(account_id)
    page.locator(".account-search button").click()
    assert account_id not in visitor.path
    accounts = page.locator("table.queue tbody th a").all_inner_texts()
    assert set(accounts) == {account_id}
    assert len(accounts) == len(recorded(there, account_id)) > 1

    visitor.open("/review")
    page.locator("details.filtering summary").click()
    page.locator("#status").select_option("proposed")
    page.locator("form.filters button").click()
    links = page.locator("table.queue tbody th a").all()
    shown = [str(each.get_attribute("href")).rsplit("/", 1)[1] for each in links]
    found = asked(there, "/v1/decisions:search", {"status": "proposed"})["decisions"]
    assert set(shown) == {each["decision_id"] for each in found}
    chip = page.locator("table.queue .chip.proposed").first
    assert chip.inner_text() == words("proposed", language)

    with page.expect_download() as loading:
        page.locator("nav a[href*='decisions.csv']").click()
    file = tmp_path / loading.value.suggested_filename
    loading.value.save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["decision_id"] for row in rows] == shown
    assert {row["account_id"] for row in rows} == {each["account_id"] for each in found}

    page.locator(f"table.queue a[href='{of(there.proposed[0])}']").click()
    assert visitor.path == of(there.proposed[0])


@BOTH
def test_the_waterfall_adds_up_to_what_is_shown_and_is_drawn_to_scale(
    visit: Visit, there: World, language: Language
) -> None:
    visitor = signed_in(visit, there, "anna", language=language)
    visitor.open(of(there.proposed[0]))
    drawn = waterfall(visitor.page)
    at = drawn.base
    for step in drawn.steps:
        at += step.adds
        assert step.total == at
        assert step.raises == (step.adds >= 0)
    assert at == drawn.total
    assert float(drawn.total) == pytest.approx(there.proposed[0]["score"]["log_odds"], abs=5e-5)
    longest = max(drawn.steps, key=lambda step: abs(step.adds))
    assert longest.width > 20
    for step in drawn.steps:
        wanted = longest.width * float(abs(step.adds / longest.adds))
        assert step.width == pytest.approx(wanted, abs=2 * HALF_A_PIXEL)


@BOTH
def test_what_if_leaves_the_record_and_the_log_as_they_are(
    visit: Visit, there: World, language: Language
) -> None:
    record = effective(there, 0)
    address, account_id = f"/v1/decisions/{record['decision_id']}?reasons=all", record["account_id"]
    before, all_before = asked(there, address), recorded(there, account_id)
    visitor = signed_in(visit, there, "anna", language=language)
    page = visitor.page
    visitor.open(of(record))
    page.locator(f"a[href='{of(record)}/what-if']").first.click()
    page.locator("input[name='account.days_past_due']").fill("95")
    page.locator("input[name^='payment.']").first.fill("40")
    page.locator("form.suppose .buttons button").click()
    page.locator("#result").wait_for()
    altered = page.locator("#result ~ ul").first.inner_text()
    assert "95" in altered
    assert "40" in altered
    probability = f"{100 * before['score']['probability']:.1f}"
    table = page.locator("table.sides").inner_text()
    assert probability in table
    assert asked(there, address) == before
    assert recorded(there, account_id) == all_before


@BOTH
def test_level_4_takes_two_people(visit: Visit, there: World, language: Language) -> None:
    record = effective(there, {"en": 1, "zh": 2}[language])
    anna = signed_in(visit, there, "anna", language=language)
    page = anna.page
    anna.open(of(record))
    page.locator(".acting summary").click()
    page.locator("input[name=level][value='4']").check()
    page.locator("#act-reason").select_option("local_knowledge")
    page.locator("#act-text").fill(TEXT)
    page.locator("form[action$='/override'] button").click()
    assert asked(there, f"/v1/decisions/{record['decision_id']}").get("superseded_by") is None
    page.locator("form.notice button").click()  # yes, indeed
    page.wait_for_url("**?done=override")
    assert page.locator("[role=status]").is_visible()
    assert page.locator("dl .chip.proposed").inner_text() == words("proposed", language)
    assert page.get_by_text(TEXT).first.is_visible()
    assert page.locator("form[action$='/approve']").count() == 0
    assert words("act_own", language) in page.locator(".acting").inner_text()

    proposed = anna.path.split("?")[0]
    ben = signed_in(visit, there, "ben", language=language)
    ben.open(proposed)
    ben.page.locator("form[action$='/approve'] button").click()
    ben.page.wait_for_url("**?done=approve")
    assert ben.page.locator("dl .chip.effective").inner_text() == words("effective", language)
    made = asked(there, f"/v1/decisions/{ben.path.split('?')[0].rsplit('/', 1)[1]}")
    assert (made["intensity"]["level"], made["actor"]) == (4, "ben")
    assert made["supersedes"] == proposed.rsplit("/", 1)[1]


def test_all_of_it_goes_without_a_mouse(visit: Visit, there: World) -> None:
    record = effective(there, 3)
    visitor = visit()
    page = visitor.page
    visitor.open(f"{SIGN_IN}?next=/review")
    tab_to(page, "#key")
    page.keyboard.type(there.keys["anna"])
    with page.expect_navigation():
        page.keyboard.press("Enter")

    press(page, "a.skip")
    assert page.evaluate("document.activeElement.id") == "main"
    tab_to(page, "#account")
    page.keyboard.type(record["account_id"])
    with page.expect_navigation():
        page.keyboard.press("Enter")
    with page.expect_navigation():
        press(page, f"table.queue a[href='{of(record)}']")

    press(page, ".acting summary")
    tab_to(page, "input[name=level]")
    wanted = page.locator(f"input[name=level][value='{other_level(record)}']")
    for _ in LEVELS:
        if not wanted.is_checked():
            page.keyboard.press("ArrowDown")
    tab_to(page, "#act-reason")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#act-text")
    page.keyboard.type(TEXT)
    with page.expect_navigation():
        press(page, "form[action$='/override'] button")
    assert page.locator("[role=status]").is_visible()
    made = asked(there, f"/v1/decisions/{visitor.path.split('?')[0].rsplit('/', 1)[1]}")
    assert made["intensity"]["level"] == other_level(record)
    assert made["override_reason"]["text"] == TEXT
