"""What tests of every package share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

from tests import contract
from tests.bundles import small_bundle
from tests.clusters import WORKERS, local_cluster
from tests.postgres import new_database, private_server
from training.cluster import Cluster, connected

UCI_CSV = Path(__file__).resolve().parents[1] / "../shared/data/uci/credit_card_clients.csv"

# Every run of `make test` draws the same examples, so that a failure is owed to a change;
# `make prove` draws new ones, and many.
settings.register_profile("test", deadline=None, max_examples=30, derandomize=True)
settings.register_profile("prove", deadline=None, max_examples=5_000)
settings.load_profile("test")


@pytest.fixture(scope="session", autouse=True)
def contract_kept() -> Iterator[None]:
    """Every answer of the service, in every test, is held against its OpenAPI document."""
    with contract.kept():
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many answers were held against the document."""
    checked = contract.CHECKED
    if checked:
        terminalreporter.write_line(
            f"{checked.total():,} answers of {len(checked)} operations are as OpenAPI says"
        )


@pytest.fixture(scope="session")
def uci_csv() -> Path:
    """The real accounts: UCI's credit card clients, as CSV. Skips where the file is absent."""
    path = Path(os.environ.get("CURESCORE_UCI_CSV", UCI_CSV)).resolve()
    if not path.is_file():
        pytest.skip(
            "the UCI file is not here: put it at ../shared/data/uci/credit_card_clients.csv "
            "or set CURESCORE_UCI_CSV"
        )
    return path


@pytest.fixture(scope="session")
def bundle_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small real bundle with target `cure` in USD. Copy it before changing a file."""
    return small_bundle(tmp_path_factory.mktemp("bundle") / "cure")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.URL]:
    """A private PostgreSQL server as its superuser; the tests that need it skip without one."""
    with private_server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: sa.URL) -> Iterator[str]:
    """The URL of a PostgreSQL database of the test's own, without tables."""
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def cluster_address() -> Iterator[str]:
    """A Dask cluster of two processes."""
    with local_cluster() as address:
        yield address


@pytest.fixture
def cluster(cluster_address: str) -> Iterator[Cluster]:
    """The cluster, as it is used; a test may kill its workers, which come again."""
    with connected(cluster_address) as reached:
        reached.client.wait_for_workers(WORKERS)
        yield reached
