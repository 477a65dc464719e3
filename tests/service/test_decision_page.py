"""The page of one decision, on the screen and on paper."""

import re
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.generation import Generation
from service.app import create_app
from service.review import formats
from service.review.decision.notices import notices
from service.review.decision.others import MOST
from service.review.decision.percentile import Percentile, percentile_in
from service.review.labels.catalogue import LABELS
from service.served.kept import keep_bundle
from service.settings import Settings
from service.tables import DECISIONS
from tests.records import EXPLORED, first_record, second_record
from tests.records import decided as by_hand
from tests.service.conftest import NOW, Client
from tests.storing import store_whole, stored

Record = dict[str, Any]
Body = dict[str, Any]


def decided(client: Client, body: Body) -> Record:
    record: Record = client.post("/v1/decisions?reasons=all", json=body).json()
    return record


def page(client: Client, record: Record, query: str = "", print_view: bool = False) -> str:
    """The HTML of a record's page."""
    path = f"/review/decisions/{record['decision_id']}{'/print' if print_view else ''}{query}"
    answered = client.get(path)
    assert answered.status_code == 200, answered.text
    assert "None" not in re.sub(r"<script.*?</script>", "", answered.text, flags=re.DOTALL)
    return unescape(answered.text)


def text(html: str) -> str:
    """What can be read of it, in one line."""
    plain = re.sub(r"<script.*?</script>|<[^>]*>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", plain)


def cards(html: str) -> dict[str, str]:
    """The figures at the head of the page, by their labels."""
    found = re.findall(r'class="label">(.*?)</span><strong>(.*?)</strong>', html)
    return {label: text(figure).strip() for label, figure in found}


@pytest.mark.parametrize("print_view", [False, True])
def test_the_page_shows_the_record(client: Client, body: Body, print_view: bool) -> None:
    body["account"]["hardship"] = True
    record = decided(client, body)
    score = record["score"]
    read = text(page(client, record, print_view=print_view))
    for expected in (
        f"{score['probability'] * 100:.1f}%",
        f"{score['log_odds']:+.4f}",
        f"{score['base_log_odds']:+.4f}",
        score["stage"],
        record["account_id"],
        record["inputs_sha256"],
        *filter(None, record["versions"].values()),
        *(reason["text"] for reason in record["reasons"]),
        *(reason["feature"] for reason in record["reasons"]),
        f"curescore replay {record['decision_id']}",
        "not of the probability",
        "The customer is in hardship",
    ):
        assert expected in read, expected


@pytest.mark.parametrize("print_view", [False, True])
def test_the_page_says_what_is_owed(client: Client, body: Body, print_view: bool) -> None:
    account = body["account"]
    account["past_due_amount"], account["balance"] = 1234.5, 6789.0
    read = text(page(client, decided(client, body), print_view=print_view))
    assert f"Days past due {account['days_past_due']}" in read
    for words, amount in (("Past due", "1,234.50"), ("Balance", "6,789.00")):
        assert f"{words} {amount}\u00a0{account['currency']}" in read or (
            f"{words} {amount} {account['currency']}" in read
        )


def test_the_page_is_in_chinese_where_asked(client: Client, body: Body) -> None:
    record = decided(client, body)
    path = f"/review/decisions/{record['decision_id']}"
    for answered in (
        client.get(f"{path}?lang=zh"),
        client.get(path, headers={"Accept-Language": "zh-CN"}),
        client.get(f"{path}/print?lang=zh"),
    ):
        assert 'lang="zh' in answered.text
        read = text(unescape(answered.text))
        assert "恢复正常的概率" in read
        for words in ("Probability", "Raised", "The ", "Reason", "decision "):
            assert words not in read, words


def test_a_page_that_is_not_there_is_a_problem(client: Client) -> None:
    for path in ("nothing", "nothing/print", "01a2043c-66de-7431-b1cb-77860ca03ef7/print"):
        assert client.get(f"/review/decisions/{path}").status_code == 404


def test_what_came_in_is_escaped(client: Client, body: Body) -> None:
    body["account"]["account_id"] = "<script>alert(1)</script>"
    body["contacts"] = [body["contacts"][0] | {"contact_id": "<script>alert(2)</script>"}]
    record = decided(client, body)
    for path in ("", "/print"):
        html = client.get(f"/review/decisions/{record['decision_id']}{path}").text
        assert "<script>" not in html
        assert "&lt;script&gt;alert(1)" in html
        assert not re.search(r" (style|on\w+)=", html)


def test_the_print_view_stands_alone(client: Client, body: Body) -> None:
    html = page(client, decided(client, body), print_view=True)
    for missing in ("<script", "<nav", "<canvas", "<form"):
        assert missing not in html, missing
    assert "Printed at Jul 3, 2025, 12:00:00 UTC by local" in html
    assert '<svg class="lane"' in html
    assert "Payments and contacts" in html


def test_the_history_stands_in_charts_and_tables(client: Client, body: Body) -> None:
    record = decided(client, body)
    for print_view in (False, True):
        read = text(page(client, record, print_view=print_view))
        assert "Jun 30, 2025 10 M1 1,840.55 USD open" in read
        assert "Jul 2, 2025 12 M1 1,840.55 USD as it stood at the decision" in read
        assert "Jun 30, 2025 92.00 USD 0.00 USD 0.00 USD 1 0" in read
        assert "to the debtor · text message · sent" in read
    assert page(client, record).count("<canvas") == 2


def test_the_numbers_of_a_body_at_its_bounds_are_shown(client: Client, body: Body) -> None:
    body["account"] |= {"account_id": "长" * 64, "balance": 999999999999.99}
    body["statements"][0] = {
        name: value
        for name, value in body["statements"][0].items()
        if name not in ("amount_due", "amount_paid", "credit_limit")
    }
    for name in ("payments", "contacts"):
        del body[name]
    read = text(page(client, decided(client, body)))
    assert "长" * 64 in read
    assert "999,999,999,999.99 USD" in read
    assert "Mar 31, 2025 –" in read
    assert LABELS["history_payments_unknown"].en in read
    assert LABELS["history_no_events"].en in read


def test_inputs_that_are_kept_no_more_leave_a_sentence(
    client: Client, engine: sa.Engine, body: Body
) -> None:
    (record,) = stored(engine, by_hand())  # whose inputs are an empty object
    for print_view in (False, True):
        assert LABELS["no_history"].en in page(client, record, print_view=print_view)
    assert LABELS["no_history"].en not in page(client, decided(client, body))


@pytest.mark.parametrize("record", [first_record(), second_record()], ids=["schema 1", "schema 2"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_old_records_are_shown(
    client: Client, engine: sa.Engine, record: Record, language: str
) -> None:
    store_whole(engine, record)
    for print_view in (False, True):
        html = page(client, record, f"?lang={language}", print_view)
        assert record["reasons"][0]["feature"] in html
        assert LABELS["no_percentile"].of(language) in html  # type: ignore[arg-type]


def test_a_score_of_another_target_says_of_what_it_is(client: Client, engine: sa.Engine) -> None:
    plain = by_hand()
    score = replace(plain.score, target="early_warning", stage="pre_due")
    made = replace(plain, score=score)
    (record,) = stored(engine, made)
    assert "Probability of staying current" in page(client, record)


def test_notices_tell_what_has_to_be_known_first(engine: sa.Engine) -> None:
    (record,) = stored(engine, by_hand())
    valid_until = datetime.fromisoformat(record["valid_until"])
    before, after = valid_until - timedelta(seconds=1), valid_until

    def told(found: Record, now: datetime = before) -> list[str]:
        return [notice.text for notice in notices(found, now, "en")]

    expired, superseded = LABELS["decision_expired"].en, LABELS["superseded_by"].en
    assert told(record) == []
    assert told(record, after) == [expired]
    assert told(record | {"status": "proposed"}) == [LABELS["needs_approval"].en]
    gone = record | {"status": "superseded", "superseded_by": "another"}
    assert told(gone, after) == [superseded]
    assert notices(gone, after, "en")[0].decision_id == "another"
    strict = record | {"intensity": record["intensity"] | {"rules_of": "strictest"}}
    assert told(strict) == [LABELS["strictest"].en]
    (drawn,) = stored(engine, by_hand(**EXPLORED), first=1)
    assert told(drawn) == [LABELS["decision_was_drawn"].en]
    assert told(first_record(), before) == [expired]  # of 2024, and nothing else


HISTOGRAM: dict[str, Any] = {
    "edges": [-1.0, 0.0, 2.0],
    "shares": [0.25, 0.25, 0.4, 0.1],
    "missing": 0.0,
}


@pytest.mark.parametrize(
    ("value", "percent", "known"),
    [
        (-9.0, 25.0, "below"),
        (-1.0, 25.0, "below"),
        (-0.5, 37.5, "about"),
        (0.0, 50.0, "about"),
        (1.0, 70.0, "about"),
        (2.0, 90.0, "about"),
        (2.1, 90.0, "above"),
    ],
)
def test_a_percentile_lies_between_the_edges_of_its_bin(
    value: float, percent: float, known: str
) -> None:
    found = percentile_in(HISTOGRAM, value)
    assert found is not None
    assert found == Percentile(pytest.approx(percent), known)  # type: ignore[arg-type]


def test_where_all_scores_were_one_there_is_no_percentile() -> None:
    assert percentile_in({"edges": [], "shares": [1.0], "missing": 0.0}, 0.3) is None


def test_the_page_shows_the_percentile_of_the_score(
    client: Client, generation: Generation, body: Body
) -> None:
    record = decided(client, body)
    histogram = generation.bundles["cure"].reference["score"]
    found = percentile_in(histogram, record["score"]["log_odds"])
    assert found is not None
    said = {"about": "", "below": "at most ", "above": "at least "}[found.known]
    shown = cards(page(client, record))
    assert shown[LABELS["score_percentile"].en] == f"{said}{found.percent:.0f}"
    assert shown[LABELS["ability"].en] == f"{record['score']['ability']:.0f}"
    assert shown[LABELS["tier"].en] == record["score"]["tier"]


def test_the_percentile_is_among_the_accounts_of_the_model_that_scored(
    engine: sa.Engine, generation: Generation, bundle_dir: Path, tmp_path: Path, body: Body
) -> None:
    settings = Settings(home=tmp_path, auth="off")
    keep_bundle(settings.cache, bundle_dir)
    served = generation.bundles["cure"]
    # Served since, with the same scores elsewhere among its own accounts.
    higher = {**HISTOGRAM, "edges": [edge - 50 for edge in HISTOGRAM["edges"]]}
    other = replace(served, sha256="ab" * 32, reference={**served.reference, "score": higher})
    later = replace(generation, bundles={"cure": other})
    before = Client(create_app(settings, engine, lambda: generation, lambda: NOW))
    record = decided(before, body)
    expected = cards(page(before, record))[LABELS["score_percentile"].en]
    assert expected not in ("at least 90", formats.NONE)

    def since() -> Client:
        return Client(create_app(settings, engine, lambda: later, lambda: NOW))

    assert cards(page(since(), record))[LABELS["score_percentile"].en] == expected
    made = decided(since(), body)
    assert cards(page(since(), made))[LABELS["score_percentile"].en] == "at least 90"
    shutil.rmtree(settings.cache)
    html = page(since(), record)
    assert cards(html)[LABELS["score_percentile"].en] == formats.NONE
    assert LABELS["no_percentile"].en in html


def test_other_decisions_of_the_account_stand_newest_first(
    client: Client, engine: sa.Engine
) -> None:
    first, *rest = stored(engine, by_hand(), count=MOST + 3)
    html = page(client, first)
    others = html[html.index('<h2 id="others">') : html.index('<h2 id="versions">')]
    table = others[others.index("</figure>") :]
    links = re.findall(r'href="/review/decisions/([0-9a-f-]+)"', table)
    assert links == [record["decision_id"] for record in reversed(rest)][:MOST]
    assert f'href="/review?same_account_as={first["decision_id"]}"' in others
    assert LABELS["this_decision"].en in others  # the chart has it, though it is the oldest
    assert "account_id=" not in html
    # What is in the middle of them is left out of its own list.
    middle = rest[-3]
    assert f'href="/review/decisions/{middle["decision_id"]}"' not in page(client, middle)


def test_an_account_that_is_decided_once_says_so(client: Client, engine: sa.Engine) -> None:
    (record,) = stored(engine, by_hand())
    html = page(client, record)
    assert LABELS["no_other_decisions"].en in html
    assert "<canvas" not in html


def test_the_chain_tells_who_took_whose_place_and_why(client: Client, body: Body) -> None:
    record = decided(client, body)
    address = f"/v1/decisions/{record['decision_id']}:override"
    level = 0 if record["intensity"]["level"] else 1
    told = {"level": level, "reason": "local_knowledge", "text": "Seen <at> the branch"}
    answered = client.post(address, json=told)
    assert answered.status_code == 200, answered.text
    after = answered.json()
    for each in (record, after):
        html = page(client, each)
        chain = html[html.index(LABELS["chain_meaning"].en) :]
        rows = re.findall(r"<tr[ >].*?</tr>", chain, re.DOTALL)[1:3]
        for row, member in zip(rows, (record, after), strict=True):
            assert (LABELS["this_decision"].en in row) == (member is each)
        assert "superseded" in rows[0]
        assert "What is known on the spot says otherwise. Seen <at> the branch" in rows[1]
    html = page(client, record)
    assert f'href="/review/decisions/{after["decision_id"]}"' in html
    assert f"A person gave level {level}" in page(client, after)


def test_a_damaged_chain_ends_where_it_breaks(client: Client, engine: sa.Engine) -> None:
    record = second_record() | {"supersedes": "01a2043c-66de-7431-b1cb-77860ca03ef7"}
    store_whole(engine, record)
    assert LABELS["chain"].en not in page(client, record)


def test_an_expired_decision_says_so(engine: sa.Engine, generation: Generation, body: Body) -> None:
    now = [NOW]
    app = create_app(Settings(auth="off"), engine, lambda: generation, lambda: now[0])
    client = Client(app)
    record = decided(client, body)
    assert LABELS["decision_expired"].en not in page(client, record)
    now[0] = datetime.fromisoformat(record["valid_until"])
    assert LABELS["decision_expired"].en in page(client, record)


def test_the_database_is_asked_as_often_however_much_was_decided(
    client: Client, engine: sa.Engine
) -> None:
    (record,) = stored(engine, by_hand())
    page(client, record)  # what decided is read once
    asked: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    page(client, record)
    alone = len(asked)
    assert any(DECISIONS.name in each for each in asked)
    stored(engine, by_hand(), count=3 * MOST, first=1)
    asked.clear()
    page(client, record)
    assert len(asked) == alone


def test_a_rule_that_bound_is_on_the_page_in_words(client: Client, body: Body) -> None:
    body["account"]["deceased"] = True
    body["account"]["past_due_amount"] = 1800.0
    record = decided(client, body)
    assert record["intensity"]["level"] == 0
    read = text(page(client, record))
    assert "A rule set it: level lowered from" in read
    assert "The debtor has died: no contact." in read
