"""What has to be right before the service starts, told all at once."""

import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa

from models.score.manifest import MANIFEST
from service.settings import PREFIX, URLS, Settings, SettingsError, found

HIDDEN = "***"


def settings_to_serve(host: str, workers: int) -> Settings:
    """The settings in the environment; SettingsError lists all that keeps them from being served.

    `host` and `workers` are what the command line says.
    """
    settings, wrong = found()
    problems = [*wrong.values(), *_problems(settings, set(wrong), host, workers)]
    if problems:
        raise SettingsError(problems)
    return settings


def shown(settings: Settings) -> dict[str, str]:
    """What each setting comes to, by the name of its variable; no secret is among it."""
    derived = {
        "database_url": settings.database,
        "prune_url": settings.pruning_database,
        "tracking_uri": settings.tracking,
    }
    values = {name: getattr(settings, name) for name in type(settings).model_fields} | derived
    return {f"{PREFIX}{name.upper()}": _shown(name, value) for name, value in values.items()}


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(name: str, value: object) -> str:
    if value is None or value == "":
        return "not set"
    if name in URLS:
        url = sa.make_url(str(value))
        told = url.set(query=dict.fromkeys(url.query, HIDDEN))  # may hold a password too
        return told.render_as_string(hide_password=True)
    if name == "tracking_uri":
        return _without_user(str(value))
    return str(value)


def _without_user(uri: str) -> str:
    """The address without the name and password that it may hold."""
    parts = urlsplit(uri)
    _, at, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{HIDDEN}@{host}").geturl() if at else uri


def _problems(settings: Settings, wrong: set[str], host: str, workers: int) -> Iterator[str]:
    """What is wrong with settings that are right each by itself, those in `wrong` left out."""
    if "auth" not in wrong and settings.auth == "off" and not is_loopback(host):
        yield (
            f"--host: is open to other machines while {PREFIX}AUTH is off; use 127.0.0.1, or keys "
            f"(curescore keys add) (got {host!r})"
        )
    if workers > 1 and "database_url" not in wrong and settings.database.startswith("sqlite"):
        yield (
            "--workers: is more than one on SQLite, where they would wait for each other for "
            f"seconds; use PostgreSQL ({PREFIX}DATABASE_URL), or one worker (got {workers})"
        )
    if "home" not in wrong and not _can_be_written(settings.home):
        yield f"{PREFIX}HOME: cannot be written to (got {str(settings.home)!r})"
    models = settings.models
    if "models" not in wrong and models is not None and not _has_bundle(models):
        yield f"{PREFIX}MODELS: there is no bundle in this folder (got {str(models)!r})"
    for name in ("policy", "challenger"):
        path = getattr(settings, name)
        if name not in wrong and path is not None and not _can_be_read(path):
            yield f"{PREFIX}{name.upper()}: cannot be read (got {str(path)!r})"


def _can_be_written(folder: Path) -> bool:
    """Whether the folder is one to write in, or can be made."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def _has_bundle(folder: Path) -> bool:
    return (folder / MANIFEST).is_file() or any(folder.glob(f"*/{MANIFEST}"))


def _can_be_read(path: Path) -> bool:
    files = [path] if path.is_file() else [each for each in path.glob("*") if each.is_file()]
    return bool(files) and all(os.access(each, os.R_OK) for each in files)
