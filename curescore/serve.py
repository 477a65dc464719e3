"""`curescore serve`: the HTTP service."""

import ipaddress
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curescore.console import err, out
from curescore.ports import require_free
from features.errors import InputError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.settings import Settings

DRAIN_SECONDS = 20  # for answers; then the writer ends, all within 30
IDLE_SECONDS = 75  # a connection is kept open between requests: longer than a proxy keeps it
HUNG_SECONDS = 30  # after which a worker that does not answer its supervisor is replaced

LOGGED_LENGTH = 200  # characters of a method and of a path


class WithoutQuery(logging.Filter):
    """Takes the query, where somebody may have put a key, out of uvicorn's access log.

    What is left holds decision ids at most: account ids go in bodies only.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record's arguments: address, method, path with query, version, status."""
        match record.args:
            case (client, str(method), str(target), version, status):
                path = target.partition("?")[0]
                record.args = (client, _bounded(method), _bounded(path), version, status)
        return True


def _bounded(text: str) -> str:
    return text if len(text) <= LOGGED_LENGTH else f"{text[:LOGGED_LENGTH]}…"


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"without_query": {"()": f"{__name__}.{WithoutQuery.__name__}"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    "loggers": {
        "alembic": {"level": "WARNING"},
        "uvicorn.access": {"filters": ["without_query"]},
    },
}


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
) -> None:
    """Serve decisions over HTTP until stopped. Settings are variables CURESCORE_…

    SIGTERM or Ctrl-C ends it: what it has accepted is answered first.

    Example: curescore serve --port 8000 --workers 4
    """
    from service.served.unneeded import leave_out
    from service.served.watching import watched
    from service.settings import load_settings

    settings = load_settings()
    _check(settings, host, workers)
    require_free(host, port)
    # It looks at the registry while this process imports what serving takes.
    with watched(settings, LOGGING) as watching, _shared_metrics(workers):
        leave_out()
        from service.app import from_environment

        if watching is not None:
            watching.wait()
        # Also before workers start: each would only print a traceback.
        app = from_environment()
        _warn_of_rights(settings)
        out.print(f"serving on http://{host}:{port} (API /docs, pages /review)", soft_wrap=True)
        _run(app, host, port, workers, access_log)


def _warn_of_rights(settings: "Settings") -> None:
    """Say it where the service's own role could change what is recorded."""
    from service.database import connect
    from service.log.grants import changing

    engine = connect(settings.database)
    rights = changing(engine)
    engine.dispose()
    if rights:
        err.print(
            f"warning: the service's database role may {', '.join(rights)} what is recorded; give "
            "it a role of its own (curescore db grant --help)",
            soft_wrap=True,
        )


def worker() -> "FastAPI":
    """The service, as each of several workers makes it for itself."""
    from service.served.unneeded import leave_out

    leave_out()
    from service.app import from_environment

    return from_environment()


def _run(app: "FastAPI", host: str, port: int, workers: int, access_log: bool) -> None:
    import uvicorn

    uvicorn.run(
        app if workers == 1 else f"{__name__}:{worker.__name__}",
        factory=workers > 1,
        host=host,
        port=port,
        workers=workers,
        http="httptools",
        loop="uvloop",
        log_config=LOGGING,
        access_log=access_log,
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


def _check(settings: "Settings", host: str, workers: int) -> None:
    if settings.auth == "off" and not _is_loopback(host):
        raise InputError(
            "--host",
            "is open to other machines while CURESCORE_AUTH is off",
            "Use 127.0.0.1, or keys (curescore keys add)",
            host,
        )
    if workers > 1 and settings.database.startswith("sqlite"):
        raise InputError(
            "--workers",
            "is more than one on SQLite, where they would wait for each other for seconds",
            "Use PostgreSQL (CURESCORE_DATABASE_URL), or one worker",
            str(workers),
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
