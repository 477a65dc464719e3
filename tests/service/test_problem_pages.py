"""Problems as people see them: pages, in both languages."""

import time

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from models.generation import Generation
from service.app import create_app
from service.errors import CATALOGUE
from service.review.addresses import SIGN_OUT
from service.review.labels.problems import REMEDIES, TITLES
from service.security.keys import Keys
from service.security.known import KEY_SECONDS
from service.settings import Settings
from tests.service.pages import Browser, signed_in


@pytest.fixture
def browser(keyed_app: FastAPI, keys: Keys) -> Browser:
    """One that has signed in."""
    return signed_in(keyed_app, keys.add("anna", "review"))


def test_every_kind_of_problem_has_a_title_and_a_remedy_in_both_languages() -> None:
    assert list(TITLES) == list(REMEDIES)
    assert set(TITLES) == set(CATALOGUE)
    for words in (*TITLES.values(), *REMEDIES.values()):
        assert words.en.isascii()
        assert not words.zh.isascii()


@pytest.mark.parametrize(
    ("language", "title"), [("en", "There is no such page"), ("zh", "页面不存在")]
)
def test_a_problem_is_a_page_to_who_reads_pages(
    browser: Browser, language: str, title: str
) -> None:
    headers = {"Accept-Language": language}
    answered = browser.get("/review/decisions/nothing", headers=headers)
    assert answered.status_code == 404
    assert answered.headers["content-type"].startswith("text/html")
    assert answered.headers["content-language"] == language
    assert f"<h1>{title}</h1>" in answered.text
    assert '<p lang="en">' in answered.text
    as_data = browser.get("/review/decisions/nothing", headers={"Accept": "application/json"})
    assert as_data.status_code == 404
    assert as_data.json()["type"] == "urn:curescore:problem:not-found"
    refused = browser.request("DELETE", "/review")
    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET"


def test_a_problem_leads_back_to_the_page_it_came_from(browser: Browser) -> None:
    for referer, back in (
        ("http://127.0.0.1/review/models?x=1", "/review/models?x=1"),
        ("http://evil.example//evil.example", "/review"),
        ("http://[", "/review"),
        ("", "/review"),
    ):
        answered = browser.post(SIGN_OUT, headers={"Referer": referer})
        assert answered.status_code == 415
        assert f'class="button" href="{back}"' in answered.text


def test_a_failure_of_our_own_is_a_page_that_names_the_request(
    engine: sa.Engine, generation: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(Settings(auth="off"), engine, lambda: generation)
    monkeypatch.delattr(app.state, "parts")  # what no request can bring about
    answered = Browser(app).get("/review")
    assert answered.status_code == 500
    assert answered.headers["x-request-id"] in answered.text
    assert "AttributeError" not in answered.text
    assert answered.headers["connection"] == "close"


def test_a_database_that_is_away_is_told_on_a_page(browser: Browser, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE sessions RENAME TO away")
    time.sleep(KEY_SECONDS)
    answered = browser.get("/docs")
    assert answered.status_code == 503
    assert "The service cannot answer now" in answered.text
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO sessions")
    assert browser.get("/docs").status_code == 200
