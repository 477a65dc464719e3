"""Signing in to the review pages and out, what a session is worth, and where one is led to."""

import re
import time
from datetime import UTC, datetime
from html import escape
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from service.instants import utc_text
from service.review.addresses import SIGN_OUT, local
from service.review.labels.signing_in import SIGNING_IN_LABELS
from service.security.cookies import COOKIE, CSRF_FIELD, csrf_of, new_value
from service.security.keys import Keys, sha256_of
from service.security.known import KEY_SECONDS, UNKNOWN_PER_SECOND
from service.security.sessions import IDLE
from service.tables import KEY_USES, KEYS, SESSIONS
from tests.service.conftest import Client
from tests.service.pages import ACCEPT, SIGN_IN, Browser, csrf_on, signed_in, submit


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def sessions(engine: sa.Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(SESSIONS).order_by(SESSIONS.c.created_at)))


@pytest.fixture
def token(keys: Keys) -> str:
    return keys.add("anna", "review")


@pytest.fixture
def browser(keyed_app: FastAPI, token: str) -> Browser:
    """One that has signed in."""
    return signed_in(keyed_app, token)


# Signing in


@pytest.mark.parametrize("page", ["/", "/review", "/review/visits?x=1", "/docs", "/openapi.json"])
def test_a_page_leads_to_the_one_to_sign_in_at_and_back(
    keyed_app: FastAPI, token: str, page: str
) -> None:
    browser = Browser(keyed_app)
    turned_away = browser.get(page)
    assert turned_away.status_code == 303
    shown = browser.get(turned_away.headers["location"])
    assert shown.status_code == 200
    target = re.search(r'name="next" value="([^"]*)"', shown.text)
    assert target is not None
    assert target[1] == (page if page != "/openapi.json" else "/review")
    let_in = browser.post(
        SIGN_IN, data={"key": token, "next": target[1], CSRF_FIELD: csrf_on(shown.text)}
    )
    assert (let_in.status_code, let_in.headers["location"]) == (303, target[1])
    assert browser.get("/docs").status_code == 200


def test_what_is_no_page_or_is_not_asked_for_as_one_is_refused_as_ever(keyed_app: FastAPI) -> None:
    browser = Browser(keyed_app)
    for path in ("/v1/models", "/metrics", "/nothing", "/reviews"):
        refused = browser.get(path)
        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"
    assert browser.get("/review", headers={"Accept": "*/*"}).status_code == 401
    assert browser.request("HEAD", "/review").status_code == 303


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_wrong_with_a_key_is_told_at_its_field(
    keyed_app: FastAPI, keys: Keys, language: str
) -> None:
    of_programs, ended = keys.add("strategy", "score"), keys.add("former", "review")
    keys.revoke("former")
    browser = Browser(keyed_app, {"Accept-Language": language})
    for key, status, label in (
        ("", 422, "missing"),
        ("cs_wrong", 401, "unauthorised"),
        ("密钥\u2028", 401, "unauthorised"),
        (ended, 401, "unauthorised"),
        (of_programs, 403, "forbidden"),
    ):
        answered = submit(browser, SIGN_IN, key=key, next="/docs")
        assert answered.status_code == status, key
        words = SIGNING_IN_LABELS[f"sign_in_{label}"]
        assert (words.zh if language == "zh" else words.en) in answered.text
        (field,) = re.findall(r'<input id="key"[^>]*>', answered.text)
        assert 'aria-describedby="wrong hint"' in field
        assert 'aria-invalid="true" autofocus' in field
        assert 'autocomplete="current-password"' in field
        assert 'id="wrong"' in answered.text
        assert 'name="next" value="/docs"' in answered.text
        assert not key or key not in answered.text
        assert COOKIE not in answered.headers.get("set-cookie", "")
    assert browser.get("/review").status_code == 303


def test_keys_cannot_be_tried_without_end(keyed_app: FastAPI) -> None:
    browser = Browser(keyed_app)
    statuses = set()
    until = time.monotonic() + 60
    while 429 not in statuses:
        for _ in range(UNKNOWN_PER_SECOND):
            keyed_app.state.door._keys._unknown.take(time.monotonic())
        answered = submit(browser, SIGN_IN, key="cs_wrong")
        statuses.add(answered.status_code)
        assert time.monotonic() < until
    assert statuses <= {401, 429}
    assert answered.headers["retry-after"] == "1"
    assert SIGNING_IN_LABELS["sign_in_rate-limited"].en in answered.text


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    keyed_app: FastAPI, token: str
) -> None:
    for scheme, headers in (("http", {}), ("https", {"X-Forwarded-Proto": "https"})):
        browser = Browser(keyed_app, headers)
        first = browser.get(SIGN_IN).headers["set-cookie"]
        second = submit(browser, SIGN_IN, key=token).headers["set-cookie"]
        for cookie in (first, second):
            wanted = {"Path=/", "HttpOnly", "SameSite=Strict"}
            assert set(cookie.split("; ")[1:]) == wanted | (
                {"Secure"} if scheme == "https" else set()
            )


def test_signing_in_makes_a_new_value_and_ends_the_one_before(
    keyed_app: FastAPI, token: str, engine: sa.Engine
) -> None:
    browser = Browser(keyed_app)
    browser.get(SIGN_IN)
    values = [browser.cookies[COOKIE]]
    for _ in range(2):
        submit(browser, SIGN_IN, key=token)
        values.append(browser.cookies[COOKIE])
    assert len(set(values)) == 3
    first, second = sessions(engine)
    assert (first.session_sha256, second.session_sha256) == tuple(map(sha256_of, values[1:]))
    assert first.ended_at is not None
    assert second.ended_at is None
    for value in values[:2]:
        browser.cookies[COOKIE] = value
        assert browser.get("/docs").status_code == 303


def test_a_value_that_somebody_else_chose_never_becomes_a_session(
    keyed_app: FastAPI, token: str, engine: sa.Engine
) -> None:
    browser = Browser(keyed_app)
    chosen = new_value()
    browser.cookies[COOKIE] = chosen
    submit(browser, SIGN_IN, key=token)
    assert sha256_of(chosen) not in [row.session_sha256 for row in sessions(engine)]


def test_whoever_is_signed_in_is_led_on(browser: Browser, client: Client) -> None:
    assert browser.get(SIGN_IN).headers["location"] == "/review"
    assert browser.get(f"{SIGN_IN}?next=/docs").headers["location"] == "/docs"
    assert client.get(SIGN_IN).headers["location"] == "/review"  # no keys, nobody to be
    assert submit(client, SIGN_OUT).headers["location"] == SIGN_IN


# What a session is worth


def test_whoever_has_signed_in_in_another_tab_is_led_on(
    keyed_app: FastAPI, token: str, engine: sa.Engine
) -> None:
    browser = Browser(keyed_app)
    other_tab = csrf_on(browser.get(f"{SIGN_IN}?next=/review/models").text)
    assert submit(browser, SIGN_IN, key=token).status_code == 303
    before = sessions(engine)
    sent = {"key": token, "next": "/review/models", CSRF_FIELD: other_tab}
    here = {"Referer": f"http://127.0.0.1{SIGN_IN}?next=%2Freview%2Fmodels"}
    answered = browser.post(SIGN_IN, data=sent, headers=here)
    assert (answered.status_code, answered.headers["location"]) == (303, "/review/models")
    elsewhere = {"Referer": f"http://127.0.0.1{SIGN_IN}?next=//evil.example"}
    answered = browser.post(SIGN_IN, data=sent, headers=elsewhere)
    assert answered.headers["location"] == "/review"
    assert len(sessions(engine)) == len(before)
    assert "set-cookie" not in answered.headers


def test_the_cookie_counts_on_pages_alone(browser: Browser, body: dict[str, Any]) -> None:
    for path in ("/review", "/docs", "/openapi.json"):
        assert browser.get(path).status_code == 200
    assert browser.get("/").status_code == 307
    for path in ("/v1/models", "/metrics", "/v1/policy", "/nothing"):
        assert browser.get(path).status_code == 401
    assert browser.post("/v1/decisions", json=body).status_code == 401


def test_a_session_may_what_its_key_may(keyed_app: FastAPI, keys: Keys) -> None:
    assert signed_in(keyed_app, keys.add("chief", "admin")).get("/review").status_code == 200
    page = signed_in(keyed_app, keys.add("ben <b>", "review")).get("/review").text
    assert "ben &lt;b&gt;" in page


def test_a_key_counts_before_a_cookie(browser: Browser, keys: Keys) -> None:
    other = keys.add("other", "admin")
    assert ">other<" in browser.get("/review", headers=bearer(other)).text
    assert browser.get("/review", headers=bearer("cs_wrong")).status_code == 303
    proxys_own = {"Authorization": "Basic YTpi"}
    assert browser.get("/review", headers=proxys_own).status_code == 200


@pytest.mark.parametrize("how", ["revoked", "expired", "idle", "signed out elsewhere"])
def test_a_session_that_has_ended_is_none_within_the_second(
    browser: Browser, keys: Keys, engine: sa.Engine, how: str
) -> None:
    assert browser.get("/docs").status_code == 200
    now = datetime.now(UTC)
    if how == "revoked":
        keys.revoke("anna")
    with engine.begin() as connection:
        if how == "expired":
            connection.execute(KEYS.update().values(expires_at=utc_text(now)))
        if how == "idle":
            connection.execute(SESSIONS.update().values(last_used_at=utc_text(now - IDLE)))
        if how == "signed out elsewhere":  # at another worker
            connection.execute(SESSIONS.update().values(ended_at=utc_text(now)))
    time.sleep(KEY_SECONDS)  # no more than that it is known still
    answered = browser.get("/docs")
    assert answered.status_code == 303
    assert answered.headers["location"] == f"{SIGN_IN}?next=%2Fdocs"


def test_calls_of_a_session_count_for_the_rate_of_its_key(
    keyed_app: FastAPI, keys: Keys, engine: sa.Engine
) -> None:
    browser = signed_in(keyed_app, keys.add("slow", "review", requests_per_second=1))
    answered = browser.get("/review")
    until = time.monotonic() + 60
    while answered.status_code != 429:
        assert answered.status_code == 200
        assert time.monotonic() < until
        answered = browser.get("/review")
    assert answered.headers["retry-after"] == "1"
    assert answered.headers["content-type"].startswith("text/html")
    with engine.connect() as connection:
        used = connection.execute(sa.select(KEY_USES.c.key_sha256)).scalars().all()
    assert used == [sha256_of_key(engine, "slow")]


def sha256_of_key(engine: sa.Engine, name: str) -> str:
    with engine.connect() as connection:
        found: str = connection.execute(
            sa.select(KEYS.c.key_sha256).where(KEYS.c.name == name)
        ).scalar_one()
    return found


@pytest.mark.parametrize(
    "cookie",
    [
        f"{COOKIE}=",
        f"{COOKIE}=é",
        f'{COOKIE}="quoted"',
        f"{COOKIE}={'x' * 44}",
        f"{COOKIE}={'x' * 5_000}",
        f"{COOKIE}",
        "=;;=; ;",
        f"{COOKIE}_2={'x' * 43}",
        f"x={COOKIE}={'x' * 43}",
    ],
)
def test_an_odd_cookie_is_none(keyed_app: FastAPI, cookie: str) -> None:
    answered = Browser(keyed_app).get(SIGN_IN, headers={"Cookie": cookie.encode("latin-1")})
    assert answered.status_code == 200
    assert re.search(rf"^{COOKIE}=[A-Za-z0-9_-]{{43}};", answered.headers["set-cookie"])


def test_of_two_cookies_of_the_name_neither_counts(browser: Browser) -> None:
    value = browser.cookies[COOKIE]
    for pair in (f"{COOKIE}={value}; {COOKIE}={new_value()}", f"{COOKIE}=; {COOKIE}={value}"):
        assert browser.get("/docs", headers={"Cookie": pair}).status_code == 303
    other = f"a=b;{COOKIE}={value} ; c"
    assert browser.get("/docs", headers={"Cookie": other}).status_code == 200


BY_A_LINK = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [("a=b", "", 200), ("", "a=b", 200), ("", f"{COOKIE}={'A' * 43}", 303)],
)
def test_cookies_in_headers_of_their_own_are_read_together(
    browser: Browser, first: str, second: str, status: int
) -> None:
    own = f"{COOKIE}={browser.cookies[COOKIE]}"
    names = [("Accept", ACCEPT), *(("Cookie", each) for each in (first, own, second) if each)]
    asked = Client(browser.app).get("/review", headers=names)
    assert asked.status_code == status


def test_a_link_on_another_site_takes_nothing_from_who_is_signed_in(keyed_app: FastAPI) -> None:
    without = Client(keyed_app, {"Accept": ACCEPT})  # as browsers leave the cookie out then
    for path in ("/docs", "/review?x=1&y='%22<", SIGN_IN):
        for site in ("cross-site", "same-site"):
            headers = BY_A_LINK | {"Sec-Fetch-Site": site}
            answered = without.get(path, headers=headers)
            assert answered.status_code == 200
            assert "set-cookie" not in answered.headers
            again = answered.headers["refresh"].removeprefix("0; url=")
            assert again == str(answered.request.url.raw_path, "ascii")
            assert f'href="{escape(again)}"' in answered.text
    for other in ({"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Mode": "no-cors"}):
        assert "refresh" not in without.get(SIGN_IN, headers=BY_A_LINK | other).headers
    assert "refresh" not in without.get("/nothing", headers=BY_A_LINK).headers


def test_a_cookie_that_comes_with_a_link_counts(browser: Browser) -> None:
    assert "<main" in browser.get("/docs", headers=BY_A_LINK).text


# Signing out


def test_signing_out_ends_the_session_at_once(browser: Browser, engine: sa.Engine) -> None:
    before = browser.cookies[COOKIE]
    answered = submit(browser, SIGN_OUT)
    assert (answered.status_code, answered.headers["location"]) == (303, SIGN_IN)
    assert "Max-Age=0" in answered.headers["set-cookie"]
    assert COOKIE not in browser.cookies
    assert sessions(engine)[0].ended_at is not None
    browser.cookies[COOKIE] = before
    assert browser.get("/docs").status_code == 303


def test_in_another_tab_signing_out_twice_is_no_problem(browser: Browser) -> None:
    value = browser.cookies[COOKIE]
    form = {CSRF_FIELD: csrf_of(value)}
    assert browser.post(SIGN_OUT, data=form).status_code == 303
    for cookies in ({COOKIE: value}, {}):
        browser.cookies.update(cookies)
        again = browser.post(SIGN_OUT, data=form)
        assert again.status_code == 303
        assert again.headers["location"].startswith(SIGN_IN)
        browser.cookies.clear()


def test_a_form_of_a_session_that_has_ended_does_nothing_and_says_so(
    browser: Browser, engine: sa.Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(SESSIONS.update().values(ended_at=utc_text(datetime.now(UTC))))
    time.sleep(KEY_SECONDS)
    came_from = {"Referer": "http://127.0.0.1/review/visits?x=1"}
    answered = browser.post(
        "/review/search", data={CSRF_FIELD: browser.csrf, "account_id": "A"}, headers=came_from
    )
    assert answered.status_code == 303
    assert answered.headers["location"] == f"{SIGN_IN}?next=%2Freview%2Fvisits%3Fx%3D1&lost=yes"
    shown = browser.get(answered.headers["location"])
    assert SIGNING_IN_LABELS["sign_in_lost"].en in shown.text


# Where one is led to


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%2F/evil.example",
        "///review",
        "https://evil.example/review",
        "http:/review",
        "javascript:alert(1)",
        "review",
        "/reviews",
        "/review.evil.example",
        "/review@evil.example",
        "/review\\evil",
        "/review/\tx",
        "/review/\r\nSet-Cookie: x=y",
        "/review/é",
        "/v1/decisions",
        "/review/sign-out",
        "/review/sign-in?next=/review",
        "/review/" + "x" * 3_000,
        "",
        " /review",
        "/review ",
        "/.//evil.example",
    ],
)
def test_nobody_is_led_elsewhere(keyed_app: FastAPI, token: str, address: str) -> None:
    assert local(address) == "/review"
    browser = Browser(keyed_app)
    let_in = submit(browser, SIGN_IN, key=token, next=address)
    assert let_in.headers["location"] == "/review"
    led_on = browser.get(SIGN_IN, params={"next": address})
    assert (led_on.status_code, led_on.headers["location"]) == (303, "/review")


@pytest.mark.parametrize(
    "address", ["/", "/?lang=zh", "/review", "/review?stage=X&cursor=a-b", "/docs", "/review/a/b?c"]
)
def test_a_page_of_ours_is_led_to(address: str) -> None:
    assert local(address) == address


def test_an_encoded_address_is_read_once(browser: Browser) -> None:
    for address in ("%2F%2Fevil.example", "%252F%252Fevil.example", "/%5Cevil.example"):
        led_on = browser.get(f"{SIGN_IN}?next={address}")
        assert led_on.headers["location"] == "/review"
