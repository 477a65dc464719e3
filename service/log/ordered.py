"""Pages of decisions in the orders that reviewers work in.

No index has these orders. But each goes through a few values, and has of every value the newest
first, which an index does tell: a page is made of searches for the values, one after the other, and
its cursor says which of them it has come to. Decisions that are made meanwhile move nothing: each
one that was there when the first page was read is on one page.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from models.intensity.ladder import LEVELS
from models.score.tier import TIERS
from models.stage import STAGES
from service.instants import instant, microseconds
from service.log.decisions import DecisionLog, Query
from service.log.records import Record
from service.log.searching import ANY, Also

Order = Literal[
    "approval",
    "newest",
    "highest_level",
    "lowest_level",
    "latest_stage",
    "earliest_stage",
    "worst_tier",
    "best_tier",
]

SEARCHES = 12  # for one page: of an account with many decisions each looks at some of them
_CURSOR = re.compile(r"([0-9]{1,16})\.([0-4])(?:\.([0-9a-f-]{36}))?")
_EVER = 1 << 62  # microseconds that no instant has
_HOUR = timedelta(hours=1)
_STATUSES = ("proposed", "effective", "superseded")


class Wanted(NamedTuple):
    """What to look for and in which order; `every`: superseded ones too, where no status says."""

    query: Query
    order: Order
    every: bool = False


class Cursor(NamedTuple):
    """How far pages have come: `since` is what the first one took as the end of validity.

    `place` is the search that they have come to, `before` the id to go on before, None: from its
    newest on.
    """

    since: datetime
    place: int = 0
    before: UUID | None = None

    def __str__(self) -> str:
        before = "" if self.before is None else f".{self.before}"
        return f"{microseconds(self.since)}.{self.place}{before}"


class OrderedPage(NamedTuple):
    """Records in the order asked for, and how to go on; None where there are no more.

    Of an account with very many decisions a page may hold fewer than were asked for.
    """

    records: list[Record]
    next: Cursor | None


class _Search(NamedTuple):
    query: Query
    also: Also


def cursor_of(text: str) -> Cursor:
    """The cursor that was written so; ValueError where it is none."""
    found = _CURSOR.fullmatch(text)
    if found is None:
        raise ValueError("it is no cursor")
    before = None if found[3] is None else UUID(found[3])
    return Cursor(instant(int(found[1])), int(found[2]), before)


def first_cursor(now: datetime, valid_days: int) -> Cursor:
    """That of a first page which is read now, where decisions are valid for so many days.

    The days are those of calendars: a clock that is put back makes one an hour longer.
    """
    return Cursor(now.astimezone(UTC) - timedelta(days=valid_days) - _HOUR)


def ordered(log: DecisionLog, wanted: Wanted, limit: int, start: Cursor) -> OrderedPage:
    """Up to `limit` decisions from the cursor on. ValueError for a cursor of another order."""
    searches = list(_searches(wanted, start.since))
    place, before = start.place, start.before
    if place >= max(1, len(searches)):
        raise ValueError("the cursor is of another order")
    found: list[tuple[int, Record]] = []
    for _ in range(SEARCHES):
        if len(found) > limit or place == len(searches):
            break
        query, also = searches[place]
        page = log.search(query, limit + 1 - len(found), before, also)
        found += [(place, record) for record in page.records]
        if page.next_before is None:
            place, before = place + 1, None
        else:
            before = UUID(page.next_before)
    if len(found) > limit:
        place, last = found[limit - 1]
        before = UUID(last["decision_id"])
    records = [record for _, record in found[:limit]]
    over = place == len(searches)
    return OrderedPage(records, None if over else Cursor(start.since, place, before))


def waiting(log: DecisionLog, now: datetime, valid_days: int, most: int) -> int:
    """How many proposals can be approved now; `most` + 1 where they are more than `most`."""
    since = first_cursor(now, valid_days).since
    query, also = next(_searches(Wanted(Query(), "approval"), since))
    count, before = 0, None
    while count <= most:
        page = log.search(query, most + 1, before, also)
        count += sum(not is_expired(record, now) for record in page.records)
        before = page.next_before
        if before is None:
            break
    return min(count, most + 1)


def is_expired(record: Record, now: datetime) -> bool:
    """Whether a record is a proposal that can no longer be approved."""
    over = datetime.fromisoformat(record["valid_until"]) <= now
    return over and record["status"] == "proposed"


def _searches(wanted: Wanted, since: datetime) -> Iterator[_Search]:
    """The searches whose decisions, one after the other, are in the order."""
    query, order, every = wanted
    also = ANY if every else Also(standing=True)
    match order:
        case "approval":
            yield from _by_approval(query, since, every)
        case "newest":
            yield _Search(query, also)
        case "highest_level" | "lowest_level":
            for level in sorted(LEVELS, reverse=order == "highest_level"):
                if query.level in (None, level):
                    yield _Search(replace(query, level=level), also)
        case "latest_stage" | "earliest_stage":
            for stage in STAGES if order == "earliest_stage" else reversed(STAGES):
                if query.stage in (None, stage):
                    yield _Search(replace(query, stage=stage), also)
        case "worst_tier" | "best_tier":
            for tier in TIERS if order == "best_tier" else reversed(TIERS):
                if query.tier in (None, tier):
                    yield _Search(replace(query, tier=tier), also)


def _by_approval(query: Query, since: datetime, every: bool) -> Iterator[_Search]:
    """Proposals that are still valid, what is effective, older proposals, what was superseded.

    A proposal as of `since` or later is valid, by what is valid for so long now; each says itself
    until when it is. It was decided since then, too, which an index tells.
    """
    statuses = (_STATUSES if every else _STATUSES[:2]) if query.status is None else (query.status,)
    at = microseconds(since)
    proposed = replace(query, status="proposed")
    lately = replace(proposed, decided_from=max(since, query.decided_from or since))
    earlier = replace(proposed, decided_until=min(since, query.decided_until or since))
    if "proposed" in statuses:
        yield _Search(lately, Also(as_of=(at, _EVER)))
    if "effective" in statuses:
        yield _Search(replace(query, status="effective"), ANY)
    if "proposed" in statuses:
        yield _Search(lately, Also(as_of=(-_EVER, at - 1)))
        yield _Search(earlier, ANY)
    if "superseded" in statuses:
        yield _Search(replace(query, status="superseded"), ANY)
