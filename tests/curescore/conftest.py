"""A portfolio and a nightly run over it, shared by the tests of the nightly run."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.nights import ACCOUNTS, AS_OF, SCARCE, arguments, capacity_file
from tests.servers import curescore_json, curescore_json_here
from training.sources.simulate import simulate
from training.tables import read_tables, write_tables


@pytest.fixture(scope="session")
def portfolio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated portfolio, of which too few accounts would be late: half of it is made so."""
    folder = tmp_path_factory.mktemp("portfolio")
    simulate(folder / "drawn", ACCOUNTS, 12, seed=5)
    tables = read_tables(folder / "drawn")
    accounts = tables.accounts.copy()
    number = np.arange(len(accounts))
    late = (number % 2 == 0) & (accounts["balance"] > 0)
    accounts.loc[late, "past_due_amount"] = accounts.loc[late, "balance"].clip(upper=9_000.0)
    accounts.loc[late, "days_past_due"] = np.array([30, 45, 75, 100])[number[late] // 2 % 4]
    write_tables(
        type(tables)(accounts, tables.statements, tables.payments, tables.contacts),
        folder / "tables",
    )
    return folder / "tables"


@pytest.fixture(scope="session")
def environment(bundle_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = tmp_path_factory.mktemp("home")
    return {"CURESCORE_HOME": str(home), "CURESCORE_MODELS": str(bundle_dir)}


@pytest.fixture(scope="session")
def night(
    portfolio: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """A run that is done; `copied` gives one to change."""
    out = tmp_path_factory.mktemp("run") / "night"
    summary = curescore_json(environment, *arguments(portfolio, out, "--as-of", AS_OF))
    return {"out": out, "summary": summary}


@pytest.fixture
def copied(night: dict[str, Any], tmp_path: Path) -> Path:
    return Path(shutil.copytree(night["out"], tmp_path / "copied"))


@pytest.fixture(scope="session")
def capacity(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return capacity_file(tmp_path_factory.mktemp("capacity"), SCARCE)


@pytest.fixture(scope="session")
def here(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A home of its own, to which plans are published."""
    return environment | {"CURESCORE_HOME": str(tmp_path_factory.mktemp("home"))}


@pytest.fixture(scope="session")
def shared(
    portfolio: Path,
    here: dict[str, str],
    capacity: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """A run within a scarce capacity."""
    out = tmp_path_factory.mktemp("shared") / "night"
    words = arguments(portfolio, out, "--as-of", AS_OF, "--capacity", str(capacity))
    return {"out": out, "summary": curescore_json_here(here, *words)}
