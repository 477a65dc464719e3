"""Recording: a run's decisions in the decision log of the service, each once.

Decisions are recorded in pieces, each of which is there as a whole or not at all. The pieces of
a run have numbers that depend on nothing but its chunks, so that a run that was stopped, even
between a commit and its own next step, finds again what it has recorded.
"""

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from curescore.nightly.manifest import Manifest, RunError
from models.decision import Decision
from models.generation import Generation
from service.database import assert_durable, assert_migrated, connect
from service.instants import derived_id
from service.log.generations import Generations
from service.log.nights import ACTOR, Nights
from service.log.records import Entry, entry_alone

PIECE = 2_000  # decisions: SQLite has one writer, and a running service waits for no more
TURN = ".work/turn"  # a file of the run, which its workers lock in turns

Encoded = Callable[[int, int], list[bytes]]  # the inputs of the chunk's decisions, from one to one


class Recorder:
    """Records chunks of one run."""

    def __init__(self, engine: sa.Engine, run: Manifest, out: Path) -> None:
        """`engine` is that of the decision log, as `opened`; `out` the run's folder."""
        self._run = run
        self._nights, self._generations = Nights(engine), Generations(engine)
        # A fair turn between workers: SQLite's own waiters starve.
        self._turn = out / TURN if engine.dialect.name == "sqlite" else None

    def record(
        self, chunk: int, generation: Generation, decisions: Sequence[Decision], inputs: Encoded
    ) -> None:
        """Record the decisions of a chunk, but for the pieces that are recorded already.

        On return all are durable. Raises RunError where the database does not take them.
        """
        try:
            number = self._generations.id_of(generation)
            first = chunk * -(-self._run.chunk // PIECE)
            done = self._nights.recorded(self._run.run_id, first)
            for piece, start in enumerate(range(0, max(len(decisions), 1), PIECE), first):
                if piece not in done:
                    part = decisions[start : start + PIECE]
                    told = inputs(start, start + len(part))
                    entries = self._entries(part, told, number)
                    with self._my_turn():
                        self._nights.record(self._run.run_id, piece, entries)
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise RunError(f"the decisions cannot be recorded: {reason}") from error

    def _entries(
        self, decisions: Sequence[Decision], inputs: Sequence[bytes], generation: int
    ) -> list[Entry]:
        at, run = self._run.decided_at, self._run.run_id
        return [
            entry_alone(
                decision,
                told,
                decided_at=at,
                actor=ACTOR,
                generation=generation,
                decision_id=derived_id(at, run, decision.account_id),
            )
            for decision, told in zip(decisions, inputs, strict=True)
        ]

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        with self._turn.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def opened(database: str) -> sa.Engine:
    """The decision log with this URL; DatabaseError where decisions are not to be trusted to it."""
    engine = connect(database)
    assert_durable(engine)
    assert_migrated(engine)
    return engine


def in_log(database: str, run: Manifest, decided: int, *, done: bool) -> dict[str, Any]:
    """How many decisions of a run the log holds, and where it is.

    RunError where the `decided` ones are not among them, or where there are others though the run
    is `done`: it began with another database. DatabaseError for one that cannot be used.
    """
    engine = opened(database)
    found = sum(Nights(engine).recorded(run.run_id).values())
    where = engine.url.render_as_string(hide_password=True)
    engine.dispose()
    if found < decided or (done and found > decided):
        raise RunError(
            f"{found:,} of {decided:,} decisions are recorded in {where}: name the database that "
            "the run began with in CURESCORE_DATABASE_URL, or a new folder for the run"
        )
    return {"decisions": found, "database": where}
