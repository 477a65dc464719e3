"""Two records of one decision, compared bit for bit, field by field."""

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from models.decision import Reason, Reasons
from service.log.records import Record

_ABSENT = object()


class Difference(NamedTuple):
    """A field by its path, as it is stored and as it was replayed; None: it is null or absent."""

    field: str
    stored: Any
    replayed: Any


class Compared(NamedTuple):
    """How many fields were compared, contributions aside, and what differs."""

    fields: int
    contributions: int
    differences: tuple[Difference, ...]


def compared(stored: Record, replayed: Record) -> Compared:
    """The records, field by field; numbers are equal where their bits are."""
    one, other = dict(_fields("", stored)), dict(_fields("", replayed))
    paths = list(one | other)
    contributions = sum(path.endswith(".contribution") for path in paths)
    differences = [
        Difference(path, one.get(path), other.get(path))
        for path in paths
        if _bits(one.get(path, _ABSENT)) != _bits(other.get(path, _ABSENT))
    ]
    return Compared(len(paths) - contributions, contributions, tuple(differences))


def _fields(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Each field that is no object and no list, by its path; an empty one is a field."""
    if isinstance(value, Reason):
        value = {name: getattr(value, name) for name in Reason.__slots__}
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _fields(f"{path}.{name}" if path else name, part)
    elif isinstance(value, list | tuple | Reasons) and len(value):
        for i, part in enumerate(value):
            yield from _fields(f"{path}[{i}]", part)
    else:
        yield path, value


def _bits(value: Any) -> Any:
    """What is equal where the values are the same to the bit: 0.0 and -0.0 are not, 1 and 1.0."""
    return (float, struct.pack("<d", value)) if isinstance(value, float) else (type(value), value)
