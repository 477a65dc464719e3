"""`curescore up`: from nothing to a service that answers, in one command."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curescore.console import out
from curescore.ports import require_free
from curescore.signing import signing_key
from curescore.working import working
from features.errors import InputError
from models.target import Target

if TYPE_CHECKING:
    from training.tables import Tables
    from training.tracking import Tracker

SIMULATED_ACCOUNTS = 6_000
SIMULATED_MONTHS = 18
SEED = 1
LAW = "reminder"
TARGET: Target = "cure"
LOOPBACK = "127.0.0.1"


def up(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of tables, or UCI's file; a simulated portfolio if left out."),
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port on 127.0.0.1.")] = 8000,
) -> None:
    """Get data, train if there is no champion for them, and serve on 127.0.0.1.

    Without --data, a champion that is there already is served as it is.

    Example: curescore up --data default+of+credit+card+clients.zip
    """
    from service.database import upgrade
    from service.settings import load_settings
    from training.tracking import Tracker

    require_free(LOOPBACK, port)
    settings = load_settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    upgrade(settings.database)
    example = settings.home / "example.json"
    tracker = Tracker(settings.tracking, key=signing_key())
    if data is not None or not example.is_file() or tracker.champion(TARGET) is None:
        _prepare(_tables_folder(data, settings.home), tracker, example)
    _tell(port, example)
    # A process of its own: the service should not carry what training has loaded.
    sys.stdout.flush()
    os.execv(  # nosec B606  # noqa: S606 (our own command, no shell)
        sys.executable,
        [sys.executable, "-m", "curescore.main", "serve", "--host", LOOPBACK, "--port", str(port)],
    )


def _tables_folder(data: Path | None, home: Path) -> Path:
    """The folder of tables: the one given, or one made from the file or by simulation."""
    if data is None:
        return _simulated(home / "data" / "simulated")
    if data.is_dir():
        return data
    if not data.is_file():
        raise InputError(str(data), "is not there", "Name a folder of tables or UCI's file")
    from training.sources.uci import import_uci
    from training.tables import write_tables

    out.print(f"importing {data.name}")
    folder = home / "data" / "uci"
    write_tables(import_uci(data), folder)
    return folder


def _simulated(folder: Path) -> Path:
    from training.sources.simulate import simulate

    if not folder.is_dir():
        out.print(f"simulating {SIMULATED_ACCOUNTS:,} accounts over {SIMULATED_MONTHS} months")
        simulate(folder, accounts=SIMULATED_ACCOUNTS, months=SIMULATED_MONTHS, seed=SEED, law=LAW)
    return folder


def _prepare(folder: Path, tracker: "Tracker", example: Path) -> None:
    """Make sure that the champion was trained on these tables, and write the example body."""
    from training.lineage import data_sha256
    from training.tables import read_tables

    tables = read_tables(folder)
    if _trained_on(tracker) != data_sha256(tables):
        _train(folder, tracker)
    _write_example(tables, example)


def _trained_on(tracker: "Tracker") -> str | None:
    """Digest of the champion's data; None where there is none that can be served."""
    from models.score.bundle import load
    from models.score.manifest import BundleError

    if tracker.champion(TARGET) is None:
        return None
    try:
        bundle = load(tracker.bundle(f"models:/{TARGET}@champion"))
    except BundleError:
        return None
    return str(bundle.training["data_sha256"])


def _train(folder: Path, tracker: "Tracker") -> None:
    from training.config import SearchConfig, load_config
    from training.pipeline import train
    from training.population import Window
    from training.registry import CHAMPION
    from training.report import measures_table

    settings = load_config(None)
    # The settings as they come: a search is worth its minutes for a model that is to be kept.
    settings = settings.model_copy(update={"search": SearchConfig(trials=0)})
    with working() as progress:
        result = train(folder, settings, Window(), tracker, progress, TARGET)
    test = result.document["test"]
    out.print(measures_table(test, f"test: statements of {test['from']} to {test['until']}"))
    made = result.registered
    if made.alias != CHAMPION:
        tracker.promote(made.name, made.version)
    out.print(f"{made.name} version {made.version} is the champion")


def _write_example(tables: "Tables", example: Path) -> None:
    from curescore.bodies import bodies, last_known, late_accounts

    late = late_accounts(tables)
    if not late:
        raise InputError("accounts", "no account is late", "Give a portfolio with late accounts")
    body = next(bodies(tables, late[:1], last_known(tables)))
    example.write_text(json.dumps(body, indent=1, allow_nan=False))


def _tell(port: int, example: Path) -> None:
    address = f"http://{LOOPBACK}:{port}"
    out.print(
        f"\nOnce it says below that it is running, decide a late account:\n"
        f"  curl -sS {address}/v1/decisions -H 'Content-Type: application/json' -d @{example}\n"
        f"API:          {address}/docs\n"
        f"Review pages: {address}/review\n",
        soft_wrap=True,
    )
