"""What the queue is narrowed and ordered by, as an address says it: read strictly, and written."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple, get_args
from urllib.parse import urlencode
from uuid import UUID

from models.decision import Status
from models.intensity.ladder import LEVELS, Treatment
from models.score.tier import TIERS
from models.stage import STAGES
from service.log.decisions import Query
from service.log.ordered import Cursor, Order, Wanted, cursor_of
from service.review.asked import QUEUE

ANY = "any"  # status
SIZES = (25, 50, 100)
SIZE = 50
ACCOUNT = "same_account_as"
# Those that a reader chooses, in the order of the page; of the others links alone tell.
CHOSEN = ("from", "until", "stage", "tier", "level", "treatment", "rule", "status", "model")
_SHOWING = ("sort", "size", "cursor")  # which decide how much is shown, not what
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RULE = re.compile(r"[!-~]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DAY_LONG = timedelta(days=1)


class Filters(NamedTuple):
    """What an address asks for: `values` by name, only what is well-formed; None is left out."""

    values: Mapping[str, Any]
    account_id: str | None = None

    @property
    def sort(self) -> Order:
        """The order: of all accounts what needs approval comes first, of one the newest."""
        given: Order | None = self.values.get("sort")
        return given or ("newest" if self.account_id is not None else "approval")

    @property
    def size(self) -> int:
        """Decisions on a page."""
        return int(self.values.get("size", SIZE))

    @property
    def cursor(self) -> Cursor | None:
        """Where the page begins, None: at the first."""
        return self.values.get("cursor")

    @property
    def wanted(self) -> Wanted:
        """What to look for. Superseded decisions are asked for, or belong to an account."""
        values, status = self.values, self.values.get("status")
        start, until = values.get("from"), values.get("until")
        query = Query(
            account_id=self.account_id,
            decided_from=None if start is None else _midnight(start),
            decided_until=None if until is None else _midnight(until) + _DAY_LONG,
            status=None if status == ANY else status,
            **{name: values.get(name) for name in ("stage", "tier", "level", "treatment")},
            **{name: values.get(name) for name in ("rule", "model")},
        )
        every = status == ANY or (status is None and self.account_id is not None)
        return Wanted(query, self.sort, every)


class Asking(NamedTuple):
    """An address of the queue as it was sent.

    `sent` are the texts by their names, `wrong` the labels of what is wrong with some of them,
    `values` what the others mean.
    """

    sent: dict[str, str]
    values: dict[str, Any]
    wrong: dict[str, str]

    def address(self, path: str = QUEUE, **more: str) -> str:
        """The address of the first page of the same, with these values in place of its own."""
        kept = self.sent | {"cursor": ""} | more
        query = urlencode({name: value for name, value in kept.items() if value})
        return f"{path}?{query}" if query else path

    def without(self, name: str) -> str:
        """The address of the same without one of its values."""
        return self.address(**{name: ""})

    @property
    def narrowed(self) -> bool:
        """Whether some decisions are left out by what was sent."""
        return any(name not in _SHOWING for name in self.sent)


def asking(sent: Mapping[str, str]) -> Asking:
    """What an address's parameters, or a form's fields, ask for; others are passed over."""
    texts = {name: sent[name].strip() for name in _READERS if sent.get(name, "").strip()}
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, text in texts.items():
        read, told = _READERS[name]
        try:
            values[name] = read(text)
        except ValueError:
            wrong[name] = told
    if "from" in values and "until" in values and values["from"] > values["until"]:
        wrong["until"] = "queue_wrong_span"
    return Asking(texts, values, wrong)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise ValueError("it is no day")
    day = date.fromisoformat(text)
    if day == date.max:
        raise ValueError("no day follows it")
    return day


def _one_of(*choices: Any) -> Callable[[str], Any]:
    known = {str(choice): choice for choice in choices}

    def read(text: str) -> Any:
        if text not in known:
            raise ValueError("it is none of the choices")
        return known[text]

    return read


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError("it is written otherwise")
        return text

    return read


# How each parameter is read, and the label that says how to mend it.
_READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "from": (_day, "queue_wrong_day"),
    "until": (_day, "queue_wrong_day"),
    "stage": (_one_of(*STAGES), "queue_wrong_choice"),
    "tier": (_one_of(*TIERS), "queue_wrong_choice"),
    "level": (_one_of(*LEVELS), "queue_wrong_choice"),
    "treatment": (_one_of(*get_args(Treatment)), "queue_wrong_choice"),
    "rule": (_matching(_RULE), "queue_wrong_choice"),
    "status": (_one_of(*get_args(Status), ANY), "queue_wrong_choice"),
    "model": (_matching(_SHA256), "queue_wrong_choice"),
    ACCOUNT: (UUID, "queue_wrong_link"),
    "sort": (_one_of(*get_args(Order)), "queue_wrong_choice"),
    "size": (_one_of(*SIZES), "queue_wrong_choice"),
    "cursor": (cursor_of, "queue_wrong_link"),
}
