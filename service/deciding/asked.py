"""Requests to decide: what is asked, as it is read, and what an answer says of it."""

from collections.abc import Iterable
from datetime import datetime
from logging import getLogger
from typing import NamedTuple

from service.bodies.decoding import decode_decision
from service.errors import ProblemError, failed
from service.log.idempotency import Item, Key
from service.numbers import Numbers
from service.scoring import Made, Numbered, Question, Read
from service.traces import Trace, traced

_LOGGER = getLogger(__name__)


class Asked(NamedTuple):
    """One request: its body, who sent it, and the key it came with, if any."""

    content: bytes
    actor: str
    key: Key | None
    trace: Trace | None = None


def read_of(asked: Asked, now: datetime) -> Read:
    """The body as a question, or what is wrong with it."""
    try:
        return Question(decode_decision(asked.content, now), asked.actor, trace=asked.trace)
    except ProblemError as problem:
        return problem
    except Exception:
        with traced(asked.trace):
            _LOGGER.exception("a body could not be read")
        return failed()


def told_of(request_id: str | None, outcome: Made | ProblemError) -> Item:
    """What an answer that may have to be given again says of an item."""
    if isinstance(outcome, ProblemError):
        return Item(None, request_id, outcome.body())
    return Item(outcome.record["decision_id"], request_id)


def count(numbers: Numbers, by: Numbered, outcomes: Iterable[Made | ProblemError]) -> None:
    """Count what was decided, by what stands in the records."""
    made = [(each.record, each.entry.rules) for each in outcomes if isinstance(each, Made)]
    numbers.decided.count(by.generation.bundles, made)
