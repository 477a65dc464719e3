"""Instants as they are stored, and ids that begin with one.

An instant is stored as an integer: microseconds since 1970 in UTC. An id is a UUID of version 7
(RFC 9562): 48 bits of milliseconds, then the microseconds within them as 12 bits (its method 3),
then 62 bits of its own. Ids therefore sort by the microsecond at which they were made; in ids
from before revision 0002 of the tables those 12 bits were random, which sort by the millisecond.
"""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62
_OWN = (1 << 62) - 1


def microseconds(at: datetime) -> int:
    """The instant as it is stored."""
    return (at - _EPOCH) // _MICROSECOND


def instant(stored: int) -> datetime:
    """A stored instant, in UTC."""
    return _EPOCH + stored * _MICROSECOND


def utc_text(at: datetime) -> str:
    """An instant as text of fixed width in UTC, so that text order is the order in time."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def new_id(at: datetime) -> UUID:
    """A new id, made at that instant."""
    return _id(microseconds(at), int.from_bytes(os.urandom(8), "big") & _OWN)


def derived_id(at: datetime, run: UUID, account_id: str) -> UUID:
    """The id of a run's decision on an account: always the same, and like a new one otherwise."""
    digest = hashlib.sha256(run.bytes + account_id.encode()).digest()
    return _id(microseconds(at), int.from_bytes(digest[:8], "big") & _OWN)


def first_id(at: datetime) -> UUID:
    """The least id that can be made at that instant, or where none could, of all."""
    return _id(max(0, microseconds(at)), 0)


def _id(at: int, own: int) -> UUID:
    milliseconds, within = divmod(at, 1000)
    within = within * 4096 // 1000
    return UUID(int=milliseconds << 80 | _VERSION_7 | within << 64 | _VARIANT | own)
