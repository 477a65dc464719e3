"""`curescore serve`: the HTTP service."""

import ipaddress
import logging
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curescore.console import err, out
from curescore.ports import require_free
from features.errors import InputError

if TYPE_CHECKING:
    from service.settings import Settings

DRAIN_SECONDS = 30

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
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
) -> None:
    """Serve decisions over HTTP until stopped. Settings are variables CURESCORE_…

    Example: curescore serve --port 8000
    """
    import uvicorn

    from service.app import from_environment
    from service.settings import load_settings

    settings = load_settings()
    _check(settings, host, workers)
    require_free(host, port)
    # Also before workers start: each would only print a traceback.
    app = from_environment()
    out.print(f"serving on http://{host}:{port} (API /docs, pages /review)", soft_wrap=True)
    uvicorn.run(
        app if workers == 1 else "service.app:from_environment",
        factory=workers > 1,
        host=host,
        port=port,
        workers=workers,
        log_config=LOGGING,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _check(settings: "Settings", host: str, workers: int) -> None:
    if settings.auth == "off" and not _is_loopback(host):
        raise InputError(
            "--host",
            "is open to other machines while CURESCORE_AUTH is off",
            "Use 127.0.0.1, or keys (curescore keys add)",
            host,
        )
    if workers > 1 and settings.database.startswith("sqlite"):
        err.print(
            "warning: several workers on one SQLite file wait for each other, for seconds at "
            "worst; use PostgreSQL (CURESCORE_DATABASE_URL)",
            soft_wrap=True,
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
