"""The champion replaced under load, with a bad one in between: no call fails, no record errs."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from models.score.bundle import load as load_bundle
from tests import plain
from tests.registries import other_bundle, store_in
from tests.service.faults.loads import load
from tests.service.faults.places import assert_nothing_lost, counted, place
from tests.waits import until

# MLflow 3.17 on SQLAlchemy 2.1: theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.mark.prove
def test_each_record_names_the_bundle_that_scored_it(
    tmp_path: Path, bundle_dir: Path, empty_database: Path, body: dict[str, Any]
) -> None:
    times = counted(20, 3)
    (tmp_path / "home").mkdir()
    store = store_in(tmp_path / "home", bundle_dir)
    url = f"sqlite:///{shutil.copy(empty_database, store.home / 'decisions.db')}"
    folders = [bundle_dir, *(other_bundle(tmp_path / f"b{seed}", seed) for seed in (1, 2))]
    known = {each.sha256: each for each in map(load_bundle, folders)}
    here = place(store.home, None, url, CURESCORE_RELOAD_SECONDS="0.2")
    # Registering takes seconds, in which the callers would only call.
    unsound = {k: other_bundle(tmp_path / f"bad{k}", 10 + k) for k in range(2, times + 1, 5)}
    bad = {k: store.recorded(each, damaged="booster.txt")[0] for k, each in unsound.items()}
    good = {k: store.recorded(folders[k % 3])[0] for k in range(1, times + 1)}
    with here.serving(), load(here.address, body, rest=0.05) as callers:
        callers.wait_for(20)
        for k in range(1, times + 1):
            if k in bad:
                store.tracker.promote("cure", bad[k].version)
                until(lambda: bool(_models(here.address)["refused"]))
                callers.wait_for(20)
            store.tracker.promote("cure", good[k].version)
            wanted = load_bundle(folders[k % 3]).sha256
            until(lambda wanted=wanted: _served(here.address) == wanted)
            callers.wait_for(20)
        callers.stop()
        assert not callers.answers.broken
        assert not callers.answers.problems
        assert_nothing_lost(here.address, url, callers.answers)
    scored = set()
    for answer in callers.answers.decided.values():
        sha256 = answer["versions"]["bundle_sha256"]
        assert answer["score"]["base_log_odds"] == known[sha256].base_log_odds
        scored.add(sha256)
    assert scored == known.keys()


def _served(address: str) -> str:
    (model,) = plain.get(f"{address}/v1/models").json()["models"]
    return str(model["bundle_sha256"])


def _models(address: str) -> dict[str, Any]:
    found: dict[str, Any] = plain.get(f"{address}/readyz").json()["models"]
    return found
