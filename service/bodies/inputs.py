"""Stored inputs as a body: what a decision was made on, to be decided again.

The service stores a body's own rows. A nightly run stores each list as an object of columns,
`{"statements": {"statement_date": […], "balance": […]}}`, which it makes without a step for each
row; a column that holds nothing for the account is left out.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from service.bodies.checks import read_instants
from service.bodies.schemas import LISTS, DecisionBody
from service.bodies.structs import struct_of

_decode: Callable[[bytes], Any] = msgspec.json.Decoder(struct_of(DecisionBody)).decode
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode


def body_of(inputs: bytes) -> bytes:
    """The inputs, whichever way they are stored, as the JSON of a body that says the same.

    Raises ValueError where they are no JSON object.
    """
    told = _decode_object(inputs)
    lists = _lists(told)
    return msgspec.json.encode(told | lists) if lists else inputs


def told_of(inputs: bytes) -> dict[str, Any]:
    """The inputs, whichever way they are stored, as the object of a body that says the same.

    Raises ValueError where they are no JSON object.
    """
    told = _decode_object(inputs)
    return told | _lists(told)


def decided_on(inputs: bytes) -> Any:
    """The inputs as the struct of a DecisionBody, whose `as_of` is that of the decision.

    What passed the checks when it was decided is not checked again. Raises ValueError where they
    are not what decisions are made on.
    """
    body = _decode(body_of(inputs))
    if not read_instants(body) or body.as_of is None:
        raise ValueError("they hold an instant that cannot be read")
    return body


def _lists(told: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The lists that are stored as columns, as rows."""
    return {name: _rows(told[name]) for name in LISTS if isinstance(told.get(name), dict)}


def _rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Columns of one length as rows; a value that is not known is left out."""
    return [
        {name: value for name, value in zip(columns, row, strict=True) if value is not None}
        for row in zip(*columns.values(), strict=True)
    ]
