"""Idempotency-Key: a request that is sent again gets the first answer, and decides nothing."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from service.errors import FieldError, ProblemError, invalid, shown
from service.instants import microseconds
from service.tables import IDEMPOTENCY, insert_new

HEADER = "Idempotency-Key"
LENGTH = 255


class Key(NamedTuple):
    """The key of one request: it is the caller's own, and stands for one body at one address."""

    caller: str
    key: str
    body_sha256: bytes  # of the address and the body

    @property
    def place(self) -> tuple[str, str]:
        """What is unique in the database."""
        return self.caller, self.key


class Item(msgspec.Struct, array_like=True, frozen=True):
    """One item of the first answer: the id of its decision, or the problem with it."""

    decision_id: str | None
    request_id: str | None = None
    problem: dict[str, Any] | None = None


class Claim(NamedTuple):
    """A key with the answer that it stands for once it is recorded."""

    key: Key
    answer: bytes  # msgpack of the answer's items
    created_at: datetime


def claim(key: Key, items: Sequence[Item], at: datetime) -> Claim:
    """The claim of an answer with these items, made at `at`."""
    return Claim(key, msgspec.msgpack.encode(items), at)


def key_of(header: str | None, caller: str, path: str, content: bytes) -> Key | None:
    """The key of a request, None without the header; ProblemError where it cannot be one."""
    if header is None:
        return None
    if not (0 < len(header) <= LENGTH and all("!" <= letter <= "~" for letter in header)):
        remedy = f"Send 1 to {LENGTH} visible ASCII characters, such as a UUID."
        raise invalid([FieldError("", "is not a key", remedy, shown(header), HEADER)])
    return Key(caller, header, hashlib.sha256(path.encode() + b"\0" + content).digest())


def claimed(connection: sa.Connection, claims: Sequence[Claim]) -> set[tuple[str, str]]:
    """Insert the claims, and return the places of those that nobody had made before."""
    columns = IDEMPOTENCY.c
    statement = insert_new(IDEMPOTENCY, connection.dialect.name)
    rows = [
        {
            "caller": claim.key.caller,
            "key": claim.key.key,
            "body_sha256": claim.key.body_sha256,
            "answer": claim.answer,
            "created_at": microseconds(claim.created_at),
        }
        # In one order everywhere, else two processes could wait for each other.
        for claim in sorted(claims, key=lambda each: each.key.place)
    ]
    won = connection.execute(statement.returning(columns.caller, columns.key), rows)
    return {(row.caller, row.key) for row in won}


class Idempotency:
    """The keys of requests that are inside this process, and the answers in the database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._inside: set[tuple[str, str]] = set()

    @contextmanager
    def held(self, key: Key | None) -> Iterator[None]:
        """Inside, nobody else in this process has the key; ProblemError where somebody has."""
        if key is None:
            yield
            return
        if key.place in self._inside:
            raise ProblemError(
                "idempotency-in-flight",
                f"A request with this {HEADER} is being answered.",
                headers={"Retry-After": "1"},
            )
        self._inside.add(key.place)
        try:
            yield
        finally:
            self._inside.remove(key.place)

    def first(self, key: Key) -> list[Item] | None:
        """The answer that the key stands for, None where nobody had one.

        ProblemError where it was given to another body.
        """
        columns = IDEMPOTENCY.c
        query = sa.select(columns.body_sha256, columns.answer).where(
            columns.caller == key.caller, columns.key == key.key
        )
        with self._engine.connect() as connection:
            found = connection.execute(query).first()
        if found is None:
            return None
        if bytes(found.body_sha256) != key.body_sha256:
            raise ProblemError(
                "idempotency-key-reused",
                f"This {HEADER} was sent with another body or to another address. Send a new key.",
            )
        return msgspec.msgpack.decode(found.answer, type=list[Item])
