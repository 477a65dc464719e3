"""docs/security.md names tests that are there."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent
PAGE = (TESTS.parent / "docs" / "security.md").read_text()


def test_every_test_that_is_named_is_there() -> None:
    file, named = "", 0
    for path, test in re.findall(r"`([a-z_/]+\.py)?::(test_\w+)`", PAGE):
        file = path or file
        assert f"\ndef {test}(" in (TESTS / file).read_text(), f"{file}::{test}"
        named += 1
    assert named > 30
