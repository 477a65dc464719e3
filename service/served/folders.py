"""Folders that appear whole, and stay: also when the process or the machine ends meanwhile."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from models.durable import sync


def keep(folder: Path, target: Path) -> Path:
    """Copy a folder to `target`, whole or not at all; nothing happens where that is there."""
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".keeping-") as fresh:
        copied = Path(fresh) / "copy"
        shutil.copytree(folder, copied)
        return adopt(copied, target)


def adopt(folder: Path, target: Path) -> Path:
    """Move a folder of the same file system to `target`, durably; another may have been first."""
    for path in (*_below(folder), folder):
        sync(path)
    try:
        folder.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    sync(target.parent)
    return target


def content_sha256(folder: Path) -> str:
    """SHA-256 of the names and contents of all files below a folder, its links left out.

    Raises OSError where one cannot be read, and FileNotFoundError where there is no folder.
    """
    whole = hashlib.sha256()
    if not folder.is_dir():
        raise FileNotFoundError(folder)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            whole.update(f"{path.relative_to(folder).as_posix()}\n{digest}\n".encode())
    return whole.hexdigest()


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if not path.is_symlink():
            yield path
