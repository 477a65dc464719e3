"""`curescore score`: the nightly run."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from curescore.cluster import Dask, cluster_at
from curescore.console import Json, err, out, print_json
from features.errors import InputError

REASONS = 5
STOPPED = 130  # as shells say of a command that Ctrl-C ended
STALE_DAYS = 45  # a cycle and a half: a portfolio scored every night has younger statements


def score(
    data: Annotated[Path, typer.Option("--data", help="Folder of tables.", show_default=False)],
    folder: Annotated[
        Path, typer.Option("--out", help="Folder of the run: new, or to go on.", show_default=False)
    ],
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Decide as of this instant, such as 2026-11-01T06:00:00+08:00; now if not given."
        ),
    ] = None,
    reasons: Annotated[
        str, typer.Option(help="Reasons kept with each decision, largest first: a number, or all.")
    ] = str(REASONS),
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, help="Processes here, without --dask; one for each core if not given."
        ),
    ] = None,
    chunk: Annotated[
        int, typer.Option(min=1, help="Accounts that a process holds at a time.")
    ] = 10_000,
    capacity: Annotated[
        Path | None,
        typer.Option(
            help="File (TOML) of how much of each resource there is a calendar day.",
            show_default=False,
        ),
    ] = None,
    publish: Annotated[
        bool,
        typer.Option(help="With --capacity: let the service use this run's prices and levels."),
    ] = True,
    record: Annotated[
        bool,
        typer.Option("--record", help="Put the decisions into the service's decision log too."),
    ] = False,
    dask: Dask = None,
    json: Json = False,
) -> None:
    """Decide every account of a portfolio: tables in, decisions in Parquet out.

    With --capacity, the levels of the whole portfolio are chosen together, so that they need no
    more than there is.

    A run that was stopped goes on when it is started again with the same --out, and its result
    is the same to the byte. What was refused, and why, is in the folder refused/ beside the
    decisions.

    Example: curescore score --data var/data/simulated --out var/night --as-of 2024-06-29T07:00Z
    """
    from curescore.nightly.run import run
    from curescore.nightly.terms import Terms, Told
    from models.intensity.capacity import read_capacity
    from service.settings import load_settings

    if dask is not None and workers:
        raise InputError("--workers", "is for processes here", "Leave it out with --dask")
    terms = Terms(
        data.resolve() if dask else data,  # of a cluster no worker stands where this command does
        folder.resolve() if dask else folder,
        _instant(as_of),
        _number(reasons),
        chunk,
        workers or len(os.sched_getaffinity(0)),
        None if capacity is None else read_capacity(capacity),
        publish,
        record,
    )
    with _told_to_stop(), _progress() as bar:
        task = bar.add_task("starting", total=None)
        with cluster_at(dask) as cluster:
            summary = run(
                terms._replace(cluster=cluster),
                load_settings(),
                Told(
                    status=lambda what: bar.update(task, description=what),
                    begin=lambda what, done, total: bar.reset(
                        task, description=what, completed=done, total=total
                    ),
                    done=lambda accounts: bar.advance(task, accounts),
                ),
            )
    if json:
        print_json(summary)
        return
    _tell(summary, folder)
    if capacity is not None and publish:
        out.print(
            "published: the service decides by these prices from its next request on; "
            "--no-publish keeps a trial to itself",
            soft_wrap=True,
        )


def _tell(summary: dict[str, Any], folder: Path) -> None:
    """The summary as a table, where the files are, and what looks odd about the run."""
    from curescore.nightly.summary import resource_table, summary_table

    out.print(summary_table(summary))
    out.print(resource_table(summary))
    if summary["capacity"] is not None:
        _tell_capacity(summary["capacity"])
    out.print(f"decisions: {folder}/decisions  refused: {folder}/refused", soft_wrap=True)
    log = summary.get("recorded")  # of an earlier version's run there is nothing to tell
    if log is not None:
        out.print(f"recorded: {log['decisions']:,} decisions in {log['database']}", soft_wrap=True)
    if not summary["decided"]:
        out.print("warning: nothing was decided; refused/ says why", soft_wrap=True)
    youngest = summary["data_age_days"]["lowest"]
    if youngest is not None and youngest > STALE_DAYS:
        out.print(
            f"warning: the newest statement is {youngest:.0f} days older than as_of: the tables "
            "are old, or --as-of is late",
            soft_wrap=True,
        )
    if summary["statements_after_as_of"]:
        out.print(
            f"warning: {summary['statements_after_as_of']:,} accounts have statements after "
            "--as-of, and accounts.* tells how they stand now, not then: stage and amounts may be "
            "of later",
            soft_wrap=True,
        )


def _tell_capacity(capacity: dict[str, Any]) -> None:
    """What the levels are worth within the capacity, and what it took."""
    worth, missed = capacity["value"], capacity["bound"] - capacity["value"]
    out.print(
        f"the levels that share it are worth {worth:,.2f} a cycle, in the policy's unit, at most "
        f"{max(missed, 0):,.2f} less than the best; {capacity['lowered']:,} accounts got a lower "
        "level for want of capacity, protections and holds aside",
        soft_wrap=True,
    )
    if not capacity["keeps_minimum"]:
        out.print(
            "warning: the capacity does not suffice for the stages' lowest levels: accounts are "
            "below them, down to the highest level that uses nothing",
            soft_wrap=True,
        )


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """End with a word on how to go on; SIGTERM is what Ctrl-C is."""
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        err.print("stopped; give the same command again to go on", soft_wrap=True)
        raise typer.Exit(STOPPED) from None
    finally:
        signal.signal(signal.SIGTERM, former)


class Rate(ProgressColumn):
    """Accounts per second."""

    def render(self, task: Task) -> Text:
        """The rate, where there is one yet."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
        TextColumn("passed,"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise InputError(
            "--as-of",
            "is not an instant with an offset",
            "Give one such as 2026-11-01T06:00:00+08:00",
            text,
        )
    return instant


def _number(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal():
        raise InputError("--reasons", "is no number", "Give a number such as 5, or all", text)
    return int(text)
