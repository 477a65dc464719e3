"""The service killed under load, again and again: what it answered stays, and stays once."""

import random
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from service.database import upgrade
from tests.service.faults.loads import load
from tests.service.faults.places import assert_nothing_lost, counted, kill, place

LONGEST = 1.0  # seconds under load before a kill


@pytest.mark.prove
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_was_answered_survives_every_kill(
    database: str,
    tmp_path: Path,
    bundle_dir: Path,
    empty_database: Path,
    body: dict[str, Any],
    request: pytest.FixtureRequest,
) -> None:
    kills, drawn = counted(20, 2), random.Random(7)
    if database == "sqlite":
        shutil.copy(empty_database, tmp_path / "decisions.db")
        url = f"sqlite:///{tmp_path / 'decisions.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
        upgrade(url)
    here = place(tmp_path, bundle_dir, url)
    with load(here.address, body) as callers:
        for _ in range(kills):
            with here.serving() as server:
                callers.wait_for(20)
                time.sleep(drawn.uniform(0, LONGEST))
                kill(server)
        with here.serving():
            callers.wait_for(20)
            callers.stop()
            assert callers.answers.broken > 0
            assert_nothing_lost(here.address, url, callers.answers)
