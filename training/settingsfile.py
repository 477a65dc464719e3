"""Settings in a TOML file: read, checked against a model, and refused with the remedy."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from features.errors import InputError
from models.document import content_of, document_of

Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(path: Path | None, kind: type[Settings], documented: str) -> Settings:
    """The settings in a TOML file; the defaults where there is none or a key is left out.

    `documented` names the page that lists keys and bounds. Raises InputError for a file that
    cannot be read, a key that is not known, or a value out of its bounds.
    """
    if path is None:
        return kind()
    if not path.exists():
        raise InputError(str(path), "there is no such file", "Name a TOML file.")
    try:
        return kind.model_validate(document_of(content_of(path, "settings"), str(path)))
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
