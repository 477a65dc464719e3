import re
from html.parser import HTMLParser
from typing import Any

from service.review.labels.catalogue import LABELS
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
        # Scripts are files of ours; what stands in a page is read by them, and not run.
        ours = r'<script(?! src="/review/static/| type="application/json">)'
        assert not re.search(ours, answered.text)
        assert not {"style", "onclick", "onload"} & page.attributes
        assert all(address[0] in "/?#" or address == "data:," for address in page.addresses)
    style = client.get("/review/static/style.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "url(" not in style.text


def test_what_came_in_is_escaped(client: Client, body: dict[str, Any]) -> None:
    body["account"]["account_id"] = "<script>alert(1)</script>"
    record = decided(client, body)
    for path in ("/review", f"/review/decisions/{record['decision_id']}"):
        html = client.get(path).text
        assert "<script>" not in html
        assert "&lt;script&gt;" in html


def test_the_list_links_to_each_decision_newest_first(client: Client, body: dict[str, Any]) -> None:
    assert LABELS["none_yet"].en in client.get("/review").text
    ids = [decided(client, body)["decision_id"] for _ in range(3)]
    page = Page(client.get("/review").text)
    links = [a for a in page.addresses if a.startswith("/review/decisions/")]
    assert {link.split("/")[3].split("?")[0] for link in links} == set(ids)
    assert not any("A-1001" in link for link in links)
    assert client.get("/").headers["location"] == "/review"


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
        same = words.en == words.zh and words.en.isupper()  # AUC and KS are so called in both
        assert same or re.search(r"[\u4e00-\u9fff]", words.zh), name
