"""From checked bodies to entries of the log: many accounts are decided as one panel."""

from collections.abc import Callable, Sequence
from datetime import datetime
from logging import getLogger
from typing import NamedTuple

import numpy as np

from features.panel import known_at
from models.decide import decide
from models.decision import Decision
from models.generation import Generation
from models.refusal import Refusal
from service.bodies.decoding import Decoded, account_of
from service.bodies.panels import panel_of
from service.errors import ProblemError, failed, refused
from service.happened.latest import Line
from service.happened.uniting import Held, held_of, united
from service.log.ids import Ids
from service.log.records import Entry, Record, entry
from service.traces import CURRENT, Trace, traced

_LOGGER = getLogger(__name__)

Clock = Callable[[], datetime]


class Numbered(NamedTuple):
    """A generation, and its number in the database."""

    generation: Generation
    number: int


class Question(NamedTuple):
    """A body that is to be decided: who asks, and the JSON pointer that leads to it."""

    decoded: Decoded
    actor: str
    place: str = ""
    trace: Trace | None = None


Read = Question | ProblemError  # a body that could be read, or what is wrong with it


class Made(NamedTuple):
    """A decision as it is stored, and as a record."""

    entry: Entry
    record: Record


class Scoring:
    """Decides with a generation, and stamps the decisions with instants and ids."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._ids = Ids()

    def united(self, read: Sequence[Read], happened: Line) -> list[Read]:
        """The bodies with what happened to their accounts, which is asked for once.

        ProblemError where the database cannot answer.
        """
        questions = [each for each in read if isinstance(each, Question)]
        held = held_of(happened, [each.decoded for each in questions])
        if not held.accounts and not held.debtors:
            return list(read)
        return [_united(each, held) if isinstance(each, Question) else each for each in read]

    def outcomes(self, by: Numbered, read: Sequence[Read]) -> list[Made | ProblemError]:
        """What became of each body, in order; of one that could not be read, what it was."""
        made = iter(self._answered(by, [each for each in read if isinstance(each, Question)]))
        return [next(made) if isinstance(each, Question) else each for each in read]

    def _answered(self, by: Numbered, questions: Sequence[Question]) -> list[Made | ProblemError]:
        if not questions:
            return []
        try:
            return self._decided(by, questions)
        except Exception:
            if len(questions) > 1:  # whoever it is, the others get their decisions
                return [each for one in questions for each in self._answered(by, [one])]
            with traced(questions[0].trace or CURRENT.get()):
                _LOGGER.exception("a decision failed")
            return [failed()]

    def _decided(self, by: Numbered, questions: Sequence[Question]) -> list[Made | ProblemError]:
        panel = panel_of([each.decoded.body for each in questions])
        as_of = np.array([each.decoded.as_of.timestamp() for each in questions])
        view = known_at(panel, np.arange(len(questions), dtype=np.int64), as_of)
        accounts = [account_of(each.decoded) for each in questions]
        decisions = decide(by.generation, accounts, panel, view)
        return [
            refused(decision, question.place)
            if isinstance(decision, Refusal)
            else self._made(decision, question, by.number)
            for decision, question in zip(decisions, questions, strict=True)
        ]

    def _made(self, decision: Decision, question: Question, number: int) -> Made:
        decided_at, decision_id = self._ids.stamp(self.clock())
        made = entry(
            decision,
            question.decoded.inputs,
            decided_at=decided_at,
            actor=question.actor,
            generation=number,
            decision_id=decision_id,
        )
        return Made(*made)


def _united(question: Question, held: Held) -> Read:
    try:
        return question._replace(decoded=united(question.decoded, held))
    except Exception:
        _LOGGER.exception("a body could not be united with what happened")
        return failed()
