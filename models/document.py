"""Documents: what TOML files hold, before anything is made of it."""

import tomllib
from pathlib import Path
from typing import Any

from features.errors import InputError


def content_of(path: Path, what: str) -> bytes:
    """The bytes of a file of that kind; InputError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise InputError(str(path), problem, f"Name a readable {what} file.") from error


def document_of(content: bytes, where: str) -> dict[str, Any]:
    """What the bytes of a TOML file hold; InputError, which `where` is named in, for no TOML."""
    try:
        return tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 at byte {error.start}"
        raise InputError(where, problem, "Save the file as UTF-8.") from error
    except ValueError as error:  # tomllib's own, and numbers of thousands of digits
        problem = f"is not TOML: {str(error)[: InputError.SHOWN]}"
        raise InputError(where, problem, "Correct the file there.") from error
    except RecursionError as error:
        raise InputError(where, "is nested too deeply", "Write it as documented.") from error
