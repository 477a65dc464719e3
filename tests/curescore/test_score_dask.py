"""`curescore score --dask`: the same files as without, whatever happens to workers."""

import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from curescore.nightly.pools import require_database, require_shared
from curescore.nightly.run import run
from curescore.nightly.terms import Terms, Told
from features.errors import InputError
from models.intensity.capacity import read_capacity
from service.settings import Settings
from tests.clusters import Killer
from tests.nights import AS_OF, contents, decisions
from tests.servers import completed_here
from training.cluster import Cluster

DONE = ("decisions", "refused", "assignments", "plan", "summary.json", ".lock")


def words(data: Path, out: Path, address: str, *more: str) -> tuple[str, ...]:
    return (
        *("score", "--data", str(data), "--out", str(out), "--chunk", "200"),
        *("--as-of", AS_OF, "--dask", address, *more),
    )


def begun(night: Path, out: Path) -> Path:
    """The run as it was when it had begun: the same manifest, nothing decided."""
    return Path(shutil.copytree(night, out, ignore=lambda *_: DONE))


def test_a_cluster_writes_the_same_files(
    night: dict[str, Any],
    portfolio: Path,
    environment: dict[str, str],
    cluster_address: str,
    tmp_path: Path,
) -> None:
    out = begun(night["out"], tmp_path / "night")
    done = completed_here(environment, *words(portfolio, out, cluster_address))
    assert done.returncode == 0, done.stderr
    assert contents(out) == contents(night["out"])
    # Contributions are among them.
    assert decisions(out)["reasons"].str.len().min() == 5


def terms_of(data: Path, out: Path, cluster: Cluster) -> Terms:
    as_of = datetime.fromisoformat(AS_OF)
    return Terms(data, out, as_of, reasons=5, chunk=200, workers=1, cluster=cluster)


def told(done: Any) -> Told:
    return Told(lambda _: None, lambda _, __, ___: None, done)


def test_chunks_of_a_worker_that_ends_are_done_again_within_a_capacity_too(
    shared: dict[str, Any], portfolio: Path, capacity: Path, cluster: Cluster, tmp_path: Path
) -> None:
    out, killer = begun(shared["out"], tmp_path / "night"), Killer(cluster)
    terms = terms_of(portfolio, out, cluster)._replace(
        capacity=read_capacity(capacity), publish=False
    )
    run(terms, Settings(home=tmp_path / "home"), told(killer))
    assert killer.has_killed
    assert contents(out) == contents(shared["out"])


def test_a_run_goes_on_without_a_cluster_where_one_left_it(
    night: dict[str, Any], portfolio: Path, cluster: Cluster, tmp_path: Path
) -> None:
    out = begun(night["out"], tmp_path / "night")

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    settings = Settings(home=tmp_path / "home")
    terms = terms_of(portfolio, out, cluster)
    with pytest.raises(KeyboardInterrupt):
        run(terms, settings, told(stop))
    before = len(list((out / "decisions").glob("part-*")))
    assert before > 0
    run(terms._replace(cluster=None), settings, told(lambda _: None))
    assert contents(out) == contents(night["out"])


def test_a_folder_that_workers_do_not_see_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    require_shared(cluster, tmp_path, [])
    here = os.open(tmp_path, os.O_RDONLY)  # a path by which this process alone sees it
    try:
        with pytest.raises(InputError, match="does not see the same /proc/self"):
            require_shared(cluster, Path(f"/proc/self/fd/{here}"), [])
        (tmp_path / "table").write_text("rows")
        with pytest.raises(InputError, match=r"does not see the same \S+/table"):
            require_shared(cluster, tmp_path, [Path(f"/proc/self/fd/{here}/table")])
    finally:
        os.close(here)


def test_recording_elsewhere_than_here_is_refused(cluster: Cluster) -> None:
    with pytest.raises(InputError, match=r"postgresql://me:\*\*\*@db/log, but to sqlite"):
        require_database(cluster, "postgresql://me:secret@db/log")


def test_a_cluster_records_each_decision_once(
    night: dict[str, Any], portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    # Processes that the command starts have its environment.
    own = environment | {"CURESCORE_HOME": str(tmp_path / "home")}
    assert completed_here(own, "db", "upgrade").returncode == 0
    out = tmp_path / "night"
    done = completed_here(own, *words(portfolio, out, "local:1", "--record"))
    assert done.returncode == 0, done.stderr
    columns = ["decision_id", "decided_at"]
    decided = decisions(out)
    assert f"recorded: {len(decided):,} decisions in" in done.stdout
    assert decided.drop(columns=columns).equals(decisions(night["out"]).drop(columns=columns))


def test_the_number_of_processes_is_the_cluster_s(
    portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    more = words(portfolio, tmp_path / "night", "local:1", "--workers", "2")
    done = completed_here(environment, *more)
    assert done.returncode == 2
    assert "--workers: is for processes here" in done.stderr
    assert not (tmp_path / "night").exists()


def test_an_address_of_nothing_changes_nothing(
    portfolio: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    done = completed_here(environment, *words(portfolio, tmp_path / "night", "nowhere"))
    assert done.returncode == 2
    assert "not the address of a cluster" in done.stderr
    assert not (tmp_path / "night").exists()
