"""`curescore serve`: the HTTP service."""

import logging.config
import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curescore.console import out
from curescore.ports import require_free

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.settings import Settings

_LOGGER = logging.getLogger(__name__)

DRAIN_SECONDS = 20  # for answers; then the writer ends, all within 30
IDLE_SECONDS = 75  # a connection is kept open between requests: longer than a proxy keeps it
HUNG_SECONDS = 30  # after which a worker that does not answer its supervisor is replaced


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on.")] = 8000,
    workers: Annotated[
        int,
        typer.Option(min=1, max=64, help="Processes that answer; more than one needs PostgreSQL."),
    ] = 1,
    access_log: Annotated[
        bool, typer.Option(help="Write a line per request to stderr, for a tenth of the speed.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what would be used; 2 where it cannot be.")
    ] = False,
) -> None:
    """Serve decisions over HTTP until stopped. Settings are variables CURESCORE_…

    SIGTERM or Ctrl-C ends it: what it has accepted is answered first.

    Example: curescore serve --port 8000 --workers 4
    """
    from service.logs import configuration, kind_of
    from service.served.unneeded import leave_out
    from service.served.watching import watched
    from service.starting import settings_to_serve

    settings = settings_to_serve(host, workers)
    if check:
        _show(settings, host, port, workers)
        return
    require_free(host, port)
    log = configuration(kind_of(settings.log), access_log)
    logging.config.dictConfig(log)
    # It looks at the registry while this process imports what serving takes.
    with watched(settings, log) as watching, _shared_metrics(workers):
        leave_out()
        from service.app import from_environment

        if watching is not None:
            watching.wait()
        # Also before workers start: each would only print a traceback.
        app = from_environment()
        _warn_of_rights(settings)
        tell_of_keys(settings)
        out.print(f"serving on http://{host}:{port} (API /docs, pages /review)", soft_wrap=True)
        _run(app, host, port, workers, log)


def _show(settings: "Settings", host: str, port: int, workers: int) -> None:
    """Say what would be used."""
    from service.starting import shown

    told = {"--host": host, "--port": str(port), "--workers": str(workers), **shown(settings)}
    width = max(map(len, told))
    for name, value in told.items():
        out.print(f"{name:<{width}}  {value}", markup=False, highlight=False, soft_wrap=True)


def _warn_of_rights(settings: "Settings") -> None:
    """Say it where the service's own role could change what is recorded."""
    from service.database import connect
    from service.log.grants import changing

    engine = connect(settings.database)
    rights = changing(engine)
    engine.dispose()
    if rights:
        _LOGGER.warning(
            "the service's database role may %s what is recorded; give it a role of its own "
            "(curescore db grant --help)",
            ", ".join(rights),
        )


def tell_of_keys(settings: "Settings") -> None:
    """Say how a key is made where there is none to call with."""
    from service.database import connect
    from service.security.keys import Keys

    if settings.auth == "off":
        return
    engine = connect(settings.database)
    live = Keys(engine).any_live()
    engine.dispose()
    if not live:
        _LOGGER.warning("nobody has a key yet; make one: curescore keys add NAME --scope score")


def worker() -> "FastAPI":
    """The service, as each of several workers makes it for itself."""
    from service.served.unneeded import leave_out

    leave_out()
    from service.app import from_environment

    return from_environment()


def _run(app: "FastAPI", host: str, port: int, workers: int, log: dict[str, Any]) -> None:
    import uvicorn

    from service.connection import BoundedConnection

    uvicorn.run(
        app if workers == 1 else f"{__name__}:{worker.__name__}",
        factory=workers > 1,
        host=host,
        port=port,
        workers=workers,
        http=BoundedConnection,
        loop="uvloop",
        log_config=log,
        access_log=False,  # ours tells the route instead of the address, and how long it took
        server_header=False,
        proxy_headers=False,  # who calls is told by the key alone
        timeout_keep_alive=IDLE_SECONDS,
        timeout_worker_healthcheck=HUNG_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


@contextmanager
def _shared_metrics(workers: int) -> Iterator[None]:
    """A folder in which several workers add up their metrics, while the block runs."""
    if workers == 1:
        yield
        return
    with TemporaryDirectory(prefix="curescore-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield
