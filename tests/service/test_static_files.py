"""Style and scripts of pages: open to all, kept by their content, and no other file."""

import re

import pytest
from fastapi import FastAPI

from tests.service.conftest import Client
from tests.service.pages import SIGN_IN, Browser


def test_files_of_pages_are_open_and_kept_by_their_content(keyed_app: FastAPI) -> None:
    browser = Browser(keyed_app)
    files = re.findall(r'(?:href|src)="(/review/static/[^"]+)"', browser.get(SIGN_IN).text)
    assert any(".css?" in file for file in files)
    for file in files:
        path, _, _ = file.partition("?")
        kinds = {"css": "text/css", "js": "text/javascript"}
        for address, kept in (
            (file, "public, max-age=31536000, immutable"),
            (path, "no-cache"),
            (f"{path}?v=", "no-cache"),
            (f"{path}?v=0", "no-cache"),
        ):
            answered = browser.get(address)
            assert answered.status_code == 200
            assert answered.headers.get_list("cache-control") == [kept]
            assert answered.headers["content-type"].startswith(kinds[path.rpartition(".")[2]])
            assert "set-cookie" not in answered.headers


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nothing.css",
        "../rendering.py",
        "..%2Frendering.py",
        "%2e%2e/%2e%2e/app.py",
        "/etc/passwd",
        "vendor",
        "vendor/",
        "vendor/README.md",
        "style.css/",
        "style.css%00",
        "STYLE.CSS",
    ],
)
def test_no_other_file_is_given(keyed_app: FastAPI, name: str) -> None:
    assert Client(keyed_app).get(f"/review/static/{name}").status_code in (401, 404)
