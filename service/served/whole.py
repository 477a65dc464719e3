"""Documents of the cache, which appear whole: one process writes each, all read it."""

import os
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from models.durable import sync

Document = TypeVar("Document", bound=BaseModel)


def read_whole(kind: type[Document], path: Path) -> Document | None:
    """The document as it was last written; None where there is none, or it cannot be read."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def write_whole(path: Path, document: BaseModel, *, durable: bool) -> None:
    """Let the document take the place of what is there."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(document.model_dump_json(indent=1) + "\n", encoding="utf-8")
    if durable:
        sync(part)
    part.replace(path)
    if durable:
        sync(path.parent)
