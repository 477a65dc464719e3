"""docs/api.md says what the code does."""

import json
import re
from pathlib import Path

from service.errors import CATALOGUE
from tests.service.conftest import Client

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()


def test_the_curl_example_works(client: Client) -> None:
    found = re.search(r"-d '(\{\n.*?\n\})'", PAGE, re.DOTALL)
    assert found is not None
    answered = client.post("/v1/decisions", json=json.loads(found.group(1)))
    assert answered.status_code == 200, answered.text


def test_the_table_of_problems_is_the_catalogue() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", PAGE, re.MULTILINE)
    assert rows == [(name, str(kind.status)) for name, kind in CATALOGUE.items()]
