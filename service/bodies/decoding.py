"""Decoding bodies that are to be decided: msgspec where nothing is wrong, else the strict way.

The fast way may refuse or doubt a body for any reason; it is then read by jsonbody and
validation, which tell all that is wrong with it. What the fast way takes, they would take too.
"""

from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np

from features.tables import ID_LENGTH
from models.account import Account
from service.bodies.between import Path, between_fields
from service.bodies.checks import are_cells_right, read_instants
from service.bodies.jsonbody import parse
from service.bodies.schemas import BATCH_MAX, BatchEnvelope, BatchItem, DecisionBody, account_from
from service.bodies.structs import struct_of
from service.bodies.validation import read
from service.errors import ProblemError, invalid

# Whatever is wrong with a body, down to the nesting of a field that there is not.
_WRONG = (msgspec.MsgspecError, ValueError, RecursionError)

_encode = msgspec.json.Encoder().encode


class Decoded(NamedTuple):
    """A body that met every check.

    `body` is the struct of DecisionBody; `inputs` what is decided on, as compact JSON with the
    fields in the schema's order: always `as_of`, never a null nor `request_id`; texts as they
    were sent, numbers as they were understood.
    """

    body: Any
    as_of: datetime
    inputs: bytes


class Item(NamedTuple):
    """One item of a batch: its own name for itself, where it may be echoed, and what it holds."""

    request_id: str | None
    outcome: Decoded | ProblemError


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    items: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=BATCH_MAX)]


class _Read(NamedTuple):
    """A struct whose fields are right each by itself, and its JSON."""

    body: Any
    encoded: bytes


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decoders = {
    schema: msgspec.json.Decoder(struct_of(schema)) for schema in (DecisionBody, BatchItem)
}


def decode_decision(content: bytes, now: datetime) -> Decoded:
    """The body of a decision; ProblemError tells what is wrong with it."""
    found = _fast(DecisionBody, content) or _strict(DecisionBody, parse(content), ())
    return _checked(found, now, ())


def decoded_value(value: Any, now: datetime) -> Decoded:
    """The body of a decision as a JSON value; ProblemError tells what is wrong with it."""
    return _checked(_strict(DecisionBody, value, ()), now, ())


def decode_batch(content: bytes, now: datetime) -> list[Item]:
    """The items of a batch, in order; ProblemError where the whole is not a batch, or not JSON."""
    items = _items(content)
    if items is None:
        values = read(BatchEnvelope, parse(content)).items
        return [_item_of(value, now, i) for i, value in enumerate(values)]
    try:
        return [_item(item, now, i) for i, item in enumerate(items)]
    except ProblemError:
        parse(content)  # tells the same of the whole, with its line and column
        raise


def account_of(decoded: Decoded) -> Account:
    """The account of a body as the models know it."""
    return account_from(decoded.body.account)


def _items(content: bytes) -> list[bytes] | None:
    """The JSON of each item of a batch, unread; None where anything is out of order."""
    try:
        items = [bytes(item) for item in _decode_envelope(content).items]
    except _WRONG:
        return None
    # Outside the items stands one key, unless it is given twice.
    outside = _quotes(content) - sum(map(_quotes, items))
    return items if outside == len('""') else None


def _item(content: bytes, now: datetime, index: int) -> Item:
    """The item; ProblemError `malformed-json` where the whole body is."""
    found = _fast(BatchItem, content)
    if found is None:
        return _item_of(parse(content), now, index)
    return Item(found.body.request_id, _outcome(found, now, index))


def _item_of(value: Any, now: datetime, index: int) -> Item:
    """The item of a JSON value."""
    name = value.get("request_id") if isinstance(value, dict) else None
    may_echo = isinstance(name, str) and len(name) <= ID_LENGTH and name.isprintable()
    request_id = name if may_echo else None
    try:
        found = _strict(BatchItem, value, ("items", index))
    except ProblemError as problem:
        return Item(request_id, problem)
    return Item(request_id, _outcome(found, now, index))


def _outcome(found: _Read, now: datetime, index: int) -> Decoded | ProblemError:
    try:
        return _checked(found, now, ("items", index))
    except ProblemError as problem:
        return problem


def _fast(schema: type[DecisionBody], content: bytes) -> _Read | None:
    """The body as msgspec reads it; None where that is not as strict as it has to be."""
    if b"\\" in content:
        return None
    try:
        body = _decoders[schema].decode(content)
        encoded = _encode(body)
        if (
            are_keys_given_once(content, encoded)
            and are_cells_right(body, encoded)
            and read_instants(body)
        ):
            return _Read(body, encoded)
    except _WRONG:
        pass
    return None


def are_keys_given_once(content: bytes, encoded: bytes) -> bool:
    """Whether no key stands twice in an object of `content`, which holds no escape.

    `encoded` is what msgspec has read of it, which is the last of each key, encoded without nulls.
    Every text, key or not, stands between two quotes, so that their number tells.
    """
    quotes = _quotes(content)
    if quotes == _quotes(encoded):
        return True
    return quotes == _quotes(_encode(msgspec.json.decode(content)))  # with nulls


def _quotes(content: bytes) -> int:
    # A third of the time that bytes.count takes.
    return int(np.count_nonzero(np.frombuffer(content, np.uint8) == ord('"')))


def _strict(schema: type[DecisionBody], value: Any, base: Path) -> _Read:
    """The body of a JSON value; ProblemError lists what is wrong with its fields."""
    read(schema, value, base)
    try:
        body = msgspec.convert(value, struct_of(schema))
        encoded = _encode(body)
        if read_instants(body):
            return _Read(body, encoded)
    except _WRONG:
        pass
    raise ProblemError("validation", "The body does not meet the schema that /docs shows.")


def _checked(found: _Read, now: datetime, base: Path) -> Decoded:
    body = found.body
    as_of = body.as_of or now
    errors = list(between_fields(body, as_of, now, base))
    if errors:
        raise invalid(errors)
    return Decoded(body, as_of, _inputs(found, now))


def _inputs(found: _Read, now: datetime) -> bytes:
    """The JSON of the body with the instant that it is decided at, without its name for itself."""
    inputs = found.encoded
    request_id = getattr(found.body, "request_id", None)
    if request_id is not None:  # the last field
        last = b',"request_id":' + _encode(request_id) + b"}"
        inputs = inputs[: -len(last)] + b"}"
    if found.body.as_of is None:  # the first field
        inputs = b'{"as_of":' + _encode(now.isoformat()) + b"," + inputs[1:]
    return inputs
