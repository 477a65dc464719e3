"""A disk without space under load: 503, nothing torn, and decisions again once there is space."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import plain
from tests.service.faults.loads import load
from tests.service.faults.places import assert_nothing_lost, place

SIZE = 6 * 2**20
AGAIN_SECONDS = 60


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of SIZE bytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here: this needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.prove
def test_a_full_disk_refuses_and_recovers(
    small_disk: Path, tmp_path: Path, bundle_dir: Path, empty_database: Path, body: dict[str, Any]
) -> None:
    shutil.copy(empty_database, small_disk / "decisions.db")
    url = f"sqlite:///{small_disk / 'decisions.db'}"
    here = place(tmp_path, bundle_dir, url)
    with here.serving(), load(here.address, body) as callers:
        callers.wait_for(20)
        filler = small_disk / "filler"
        _fill(filler)
        before = callers.decided()
        assert _refused(here.address, body)
        assert plain.get(f"{here.address}/healthz").status_code == 200
        assert callers.decided() - before < 1_000  # what still fitted into the file's own pages
        filler.unlink()
        callers.wait_for(20, AGAIN_SECONDS)
        callers.stop()
        assert callers.answers.problems["unavailable"] > 0
        assert not callers.answers.broken
        assert_nothing_lost(here.address, url, callers.answers)


def _fill(path: Path) -> None:
    """Leave no space on the disk that the file lies on."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(os.urandom(4096))
        except OSError:
            return


def _refused(address: str, body: dict[str, Any]) -> bool:
    """Whether a decision is refused before long: the write-ahead log holds some free pages."""
    for _ in range(2_000):
        answered = plain.post(f"{address}/v1/decisions", json=body, timeout=20)
        if answered.status_code == 503:
            assert answered.headers["retry-after"]
            return True
    return False
