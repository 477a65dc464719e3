import re
from html.parser import HTMLParser
from typing import Any

import pytest

from service.review.labels import LABELS
from tests.service.conftest import Client


class Page(HTMLParser):
    """Text, addresses and tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


def decided(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = client.post("/v1/decisions?reasons=all", json=body).json()
    return record


def test_the_page_shows_the_record(client: Client, body: dict[str, Any]) -> None:
    body["account"]["hardship"] = True
    record = decided(client, body)
    answered = client.get(f"/review/decisions/{record['decision_id']}")
    assert answered.headers["content-type"] == "text/html; charset=utf-8"
    text = Page(answered.text).text
    score = record["score"]
    for expected in (
        f"{score['probability'] * 100:.1f}%",
        f"{score['log_odds']:+.4f}",
        f"{score['base_log_odds']:+.4f}",
        score["stage"],
        record["account_id"],
        record["inputs_sha256"],
        record["versions"]["bundle_sha256"],
        record["reasons"][0]["text"],
        "not of the probability",
    ):
        assert expected in text, expected


def test_the_numbers_shown_add_up(client: Client, body: dict[str, Any]) -> None:
    record = decided(client, body)
    html = client.get(f"/review/decisions/{record['decision_id']}").text
    shares = [float(number) for number in re.findall(r'number">([+-]\d+\.\d{4})</td>', html)]
    *parts, total = shares
    assert len(parts) == 14  # base, twelve reasons, the others
    assert sum(parts) == pytest.approx(total, abs=14 * 0.5e-4)
    assert total == pytest.approx(record["score"]["log_odds"], abs=1e-4)


def test_a_rule_that_bound_is_on_the_page_in_words(client: Client, body: dict[str, Any]) -> None:
    body["account"]["deceased"] = True
    body["account"]["past_due_amount"] = 1800.0
    record = decided(client, body)
    html = client.get(f"/review/decisions/{record['decision_id']}").text
    assert "The debtor has died: no contact." in html
    assert record["intensity"]["level"] == 0


@pytest.mark.parametrize("asked", ["?lang=zh", ""])
def test_the_page_is_in_chinese_where_asked(
    client: Client, body: dict[str, Any], asked: str
) -> None:
    record = decided(client, body)
    headers = {} if asked else {"Accept-Language": "zh-CN"}
    answered = client.get(f"/review/decisions/{record['decision_id']}{asked}", headers=headers)
    assert 'lang="zh"' in answered.text
    assert "恢复正常的概率" in answered.text
    assert "Probability of cure" not in answered.text


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(
    client: Client, body: dict[str, Any]
) -> None:
    record = decided(client, body)
    for path in ("/review", f"/review/decisions/{record['decision_id']}", "/docs"):
        answered = client.get(path)
        policy = answered.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        page = Page(answered.text)
        assert "script" not in page.tags
        assert not {"style", "onclick", "onload"} & page.attributes
        assert all(address[0] in "/?#" or address == "data:," for address in page.addresses)
    style = client.get("/review/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text


def test_what_came_in_is_escaped(client: Client, body: dict[str, Any]) -> None:
    body["account"]["account_id"] = "<script>alert(1)</script>"
    record = decided(client, body)
    for path in ("/review", f"/review/decisions/{record['decision_id']}"):
        html = client.get(path).text
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_the_list_links_to_each_decision_newest_first(client: Client, body: dict[str, Any]) -> None:
    assert LABELS["none_yet"].en in client.get("/review").text
    ids = [decided(client, body)["decision_id"] for _ in range(3)]
    page = Page(client.get("/review").text)
    links = [a for a in page.addresses if a.startswith("/review/decisions/")]
    assert {link.split("/")[3].split("?")[0] for link in links} == set(ids)
    assert not any("A-1001" in link for link in links)
    assert client.get("/").headers["location"] == "/review"


def test_a_page_that_is_not_there_is_a_problem(client: Client) -> None:
    assert client.get("/review/decisions/nothing").status_code == 404


def test_docs_tell_every_call(client: Client) -> None:
    document = client.get("/openapi.json").json()
    text = Page(client.get("/docs").text).text
    operations = [call for methods in document["paths"].values() for call in methods.values()]
    for path in document["paths"]:
        assert path in text
    assert len({call["operationId"] for call in operations}) == len(operations)


def test_every_label_is_in_both_languages() -> None:
    for name, words in LABELS.items():
        assert words.en
        assert words.zh
        assert re.search(r"[\u4e00-\u9fff]", words.zh), name
