"""Settings in a TOML file: read, checked against a model, and refused with the remedy."""

import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from features.errors import InputError

Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(path: Path | None, kind: type[Settings], documented: str) -> Settings:
    """The settings in a TOML file; the defaults where there is none or a key is left out.

    `documented` names the page that lists keys and bounds. Raises InputError for a file that
    cannot be read, a key that is not known, or a value out of its bounds.
    """
    if path is None:
        return kind()
    try:
        return kind.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError as error:
        raise InputError(str(path), "there is no such file", "Name a TOML file.") from error
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise InputError(str(path), problem, "Name a TOML file.") from error
    except UnicodeDecodeError as error:
        raise InputError(str(path), "is not UTF-8", "Save the file as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), f"not TOML: {error}", "Mend the file.") from error
    except ValidationError as error:
        raise _refusal(path, kind, documented, error.errors()[0]) from error


def _refusal(path: Path, kind: type[BaseModel], documented: str, first: ErrorDetails) -> InputError:
    key = ".".join(str(part) for part in first["loc"])
    remedy = f"Keys and bounds are in {documented}."
    if first["type"] == "extra_forbidden":
        near = get_close_matches(str(first["loc"][-1]), [*_keys(kind)], n=1)
        remedy = f"Did you mean {near[0]}? {remedy}" if near else remedy
        return InputError(f"{path}: {key}", "is not a setting", remedy)
    return InputError(f"{path}: {key}", first["msg"], remedy, first["input"])


def _keys(kind: type[BaseModel]) -> Iterator[str]:
    """Keys of the model and of the models inside it."""
    for name, field in kind.model_fields.items():
        yield name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation)
