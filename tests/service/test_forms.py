"""Forms are taken from our own pages alone, and read strictly."""

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from service.review.addresses import SIGN_OUT
from service.review.forms import FIELDS, FORM_BYTES, read
from service.security.cookies import CSRF_FIELD, csrf_of, new_value
from service.security.keys import Keys
from service.tables import SESSIONS
from tests.service.conftest import Client
from tests.service.pages import SIGN_IN, Browser, signed_in, submit

ELSEWHERE = "http://evil.example"


@pytest.fixture
def browser(keyed_app: FastAPI, keys: Keys) -> Browser:
    """One that has signed in."""
    return signed_in(keyed_app, keys.add("anna", "review"))


def test_a_form_is_taken_only_with_what_our_pages_put_there(
    keyed_app: FastAPI, keys: Keys, engine: sa.Engine
) -> None:
    token = keys.add("anna", "review")
    browser = Browser(keyed_app)
    browser.get(SIGN_IN)
    right = browser.csrf
    for sent in ({}, {CSRF_FIELD: ""}, {CSRF_FIELD: "é"}, {CSRF_FIELD: csrf_of(new_value())}):
        refused = browser.post(SIGN_IN, data={"key": token, **sent})
        assert refused.status_code == 403
        assert "Reload the page" in refused.text
        assert "set-cookie" not in refused.headers
    without_cookie = Browser(keyed_app).post(SIGN_IN, data={"key": token, CSRF_FIELD: right})
    assert without_cookie.status_code == 403
    assert "set-cookie" not in without_cookie.headers  # one that was not sent stays as it is
    with engine.connect() as connection:
        assert connection.execute(sa.select(SESSIONS)).all() == []
    assert browser.post(SIGN_IN, data={"key": token, CSRF_FIELD: right}).status_code == 303


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.a.proxy"}, True),
        ({"Origin": "http://127.0.0.1"}, True),
        ({"Origin": "https://127.0.0.1"}, True),
        ({"Origin": "http://127.0.0.1:8000"}, False),
        ({"Origin": ELSEWHERE}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://127.0.0.1.evil.example"}, False),
        ({"Origin": "http://evil@127.0.0.1"}, False),
        ({"Origin": "http://[::1"}, False),
    ],
)
def test_a_form_is_taken_only_from_our_own_site(
    browser: Browser, headers: dict[str, str], taken: bool
) -> None:
    answered = browser.post(SIGN_OUT, data={CSRF_FIELD: browser.csrf}, headers=headers)
    assert answered.status_code == (303 if taken else 403)


def test_without_keys_forms_are_as_safe(client: Client) -> None:
    assert client.post(SIGN_OUT, data={"x": "y"}).status_code == 403
    assert submit(client, SIGN_OUT).status_code == 303
    browser = Browser(client.app)
    browser.get("/review")
    answered = browser.post(SIGN_OUT, data={CSRF_FIELD: csrf_of(new_value())})
    assert answered.status_code == 403


def test_a_form_is_read_strictly(keyed_app: FastAPI) -> None:
    browser = Browser(keyed_app)
    browser.get(SIGN_IN)
    form = f"{CSRF_FIELD}={browser.csrf}"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for content, status in (
        (f"{form}&key=wrong", 401),
        (f"{form}&key=wrong&more=&=", 401),
        (f"{form}&{CSRF_FIELD}=x", 422),
        (f"{form}&a=1&a=1", 422),
        (f"{form}&a=%ff", 422),
        (f"{form}&a=%00", 422),
        (b"\xff", 422),
        ("&".join(f"f{i}=1" for i in range(FIELDS + 1)), 422),
        (f"{form}&a=" + "x" * FORM_BYTES, 413),
    ):
        answered = browser.post(SIGN_IN, content=content, headers=kind)
        assert answered.status_code == status, content[:80]
        assert answered.headers["content-type"].startswith("text/html")
    for media in ("text/plain", "multipart/form-data; boundary=x", "application/json"):
        answered = browser.post(SIGN_IN, content=form, headers={"Content-Type": media})
        assert answered.status_code == 415


def test_the_fields_of_a_form() -> None:
    assert read(b"a=1&b=&c=%E5%AF%86+x&d=%F0%9F%94%91") == {
        "a": "1",
        "b": "",
        "c": "密 x",
        "d": "🔑",
    }
    assert read(b"text=a%0D%0Ab%0Ac") == {"text": "a\nb\nc"}
    assert read(b"") == {}
