"""What choosing a level adds to deciding: to one account, and to a night of late accounts."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from benchmarks.alone import ONES
from benchmarks.boosters import MONTHS, SEED, fitted, portfolio, write_bundle
from benchmarks.features import Say
from benchmarks.lines import Worker
from benchmarks.measures import ratio, spread
from benchmarks.nightly import SHAPE, Night
from benchmarks.report import Table, Topic, microseconds
from curescore.bodies import last_known
from training.sources.simulate import simulate
from training.tables import Tables, read_tables, write_tables

PARTS = ("facts", "counts of rules", "fingerprint", "choose")
NIGHT = ("read", "score and explain", "choosing", "rest", "write")

Seconds = dict[str, float]


class Found(NamedTuple):
    """Seconds of each round: of each account alone, without and with a plan, and of the night."""

    ones: dict[str, list[Seconds]]
    night: list[Seconds]


def measure(folder: Path, fitted_on: int, drawn: int, trees: int, rounds: int, say: Say) -> Topic:
    """Decide single accounts and, of `drawn` simulated ones, all that are late."""
    say(f"fitting on {fitted_on:,} accounts")
    trained = portfolio(folder / "fitted", fitted_on)
    bundle = folder / "bundles" / "cure"
    write_bundle(trained, fitted(trained, SHAPE, trees), bundle)
    say(f"simulating {drawn:,} accounts")
    simulate(folder / "drawn", drawn, MONTHS, SEED)
    tables = read_tables(folder / "drawn")
    write_tables(_late(tables), folder / "late")
    as_of = last_known(tables) + timedelta(days=1)
    Night(folder, as_of.isoformat()).run("late", 1)
    found = Found({name: [] for name in _names()}, [])
    with Worker(sys.executable, "benchmarks.ours.intensity", str(bundle)) as worker:
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for one, planned in _cases():
                told = worker.ask("one", name=one, planned=planned)
                found.ones[_name(one, planned)].append(told)
            run, data = str(folder / "run"), str(folder / "late")
            found.night.append(worker.ask("night", run=run, data=data))
    return _topic(found, trees, rounds)


def _late(tables: Tables) -> Tables:
    """The accounts that are late and have not ended, with all rows of theirs."""
    last = tables.statements.sort_values("statement_date").groupby("account_id").last()
    ids = set(last.index[(last["status"] == "open") & (last["days_past_due"] > 0)])
    kept = {
        name: frame[frame["account_id"].isin(ids)] if "account_id" in frame else frame
        for name, frame in tables.present().items()
    }
    return Tables(**kept)


def _cases() -> list[tuple[str, bool]]:
    return [(name, planned) for planned in (False, True) for name in ONES]


def _names() -> list[str]:
    return [_name(*case) for case in _cases()]


def _name(one: str, planned: bool) -> str:
    return ONES[one].words + (", in a plan" if planned else "")


def _part(rounds: Sequence[Seconds], part: str) -> list[float]:
    return [each.get(part, 0.0) for each in rounds]


def _topic(found: Found, trees: int, rounds: int) -> Topic:
    night = found.night
    accounts = int(night[0]["decided"])
    each = [seconds / accounts for seconds in _part(night, "choosing")]
    others = [sum(each[part] for part in NIGHT if part != "choosing") for each in night]
    return Topic(
        "Choosing a level",
        [
            f"Booster of {trees} trees, {SHAPE}; the packaged policy; 5 reasons. Each part is "
            f"timed where deciding calls it; of one account the medians of calls, over {rounds} "
            "rounds.",
            f"On {accounts:,} late accounts, decided as a nightly run does, choosing takes "
            f"{ratio(_part(night, 'choosing'), others)} times as long as all the rest: "
            f"{microseconds(each)} µs of each decision.",
        ],
        [
            Table(
                ("one account, µs", *PARTS, "choosing together", "score and explain", "decide"),
                [_row(name, each) for name, each in found.ones.items()],
            ),
            Table(
                ("part, one core", "seconds"),
                [(part, str(spread(_part(night, part)))) for part in NIGHT],
                f"{accounts:,} late accounts:",
            ),
        ],
        {"ones": found.ones, "night": night, "accounts": accounts},
    )


def _row(name: str, rounds: Sequence[Seconds]) -> tuple[str, ...]:
    parts = (*PARTS, "choosing", "score and explain", "decide")
    told = (_part(rounds, part) for part in parts)
    return name, *(microseconds(each) if any(each) else "–" for each in told)
