"""The review pages over a large decision log: how long the service works on each."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from html import unescape
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple, get_args

import httpx
import numpy as np
import sqlalchemy as sa
from fastapi import FastAPI

from benchmarks.features import Say
from benchmarks.million import START, STEP, Log, decided, served
from benchmarks.report import Table, Topic
from service.app import create_app
from service.database import connect, upgrade
from service.log.decisions import DecisionLog, Query
from service.log.ordered import Order
from service.settings import Settings

Call = Callable[[], Coroutine[Any, Any, httpx.Response]]

CALLS = 40  # of each page, after one that is not counted
DEEP = 20  # the page that is that deep in the queue
# Seconds of the server's own work that no page may take.
BOUND = 0.1
FINE = (200, 303)

SEARCH = "/review/search"
# Conditions that meet most decisions, some, and few or none.
FILTERS = {
    "stage": ("M1", "M3", "M4%2B"),
    "tier": ("low", "doubtful"),
    "level": ("1", "4"),
    "treatment": ("remind", "escalate", "trace"),
    "status": ("effective", "proposed", "superseded", "any"),
    "rule": ("us.reg_f.hours", "deceased"),
    "model": ("c" * 64, "0" * 64),
}
_NEXT = re.compile(r'href="([^"]+)" rel="next"')
_TEXT = re.compile(r'<input(?: id="[^"]*")? name="([^"]+)" value="([^"]*)"')
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


class Shown(NamedTuple):
    """A page: what it is called, its address, and what its form is sent with other than it holds.

    None: it is only asked for.
    """

    name: str
    address: str
    form: dict[str, str] | None = None


class Known(NamedTuple):
    """What addresses are made of.

    The ids of a decision, and of one of an account with many; the queue's page that lies deep.
    """

    decision: str
    of_many: str
    deep: str


def pages(known: Known) -> Iterator[Shown]:
    """Every page that is measured."""
    yield Shown("queue", "/review")
    for order in get_args(Order):
        yield Shown(f"queue, {order.replace('_', ' ')}", f"/review?sort={order}")
    for name, values in FILTERS.items():
        for value in values:
            yield Shown(f"queue, {name} {value[:12]}", f"/review?{name}={value}")
    yield Shown("queue, days", "/review?from=2024-01-02&until=2024-01-03")
    yield Shown("queue, 100 on a page", "/review?size=100")
    yield Shown(
        "queue, all at once",
        "/review?stage=M1&tier=low&level=1&treatment=remind&rule=us.reg_f.hours&sort=worst_tier",
    )
    account = f"/review?same_account_as={known.of_many}"
    yield Shown("account with many decisions", account)
    yield Shown("account with many, level 4, by approval", f"{account}&level=4&sort=approval")
    yield Shown("search of an account", SEARCH, {"account": "many"})
    yield Shown(f"queue, page {DEEP}", known.deep)
    yield Shown("queue as CSV, 100", "/review/decisions.csv?size=100")
    decision = f"/review/decisions/{known.decision}"
    yield Shown("decision", decision)
    yield Shown("decision of an account with many", f"/review/decisions/{known.of_many}")
    yield Shown("decision, to print", f"{decision}/print")
    yield Shown("what-if", f"{decision}/what-if")
    yield Shown("what-if, asked", f"{decision}/what-if", {"account.past_due_amount": "1"})
    for name in ("models", "models/cure", "policies", "portfolio", "visits"):
        yield Shown(name, f"/review/{name}")


def measure(folder: Path, decisions: int, say: Say) -> Topic:
    """Fill a log, or take the one that is in the folder, and ask for every page."""
    path = folder / f"pages-{decisions}.db"
    engine = _filled(folder, path, decisions, say)
    now = max(START + decisions * STEP, _known_at(engine))
    generation = served(folder)
    settings = Settings(home=folder, models=folder, auth="off")
    app = create_app(settings, engine, lambda: generation, lambda: now)
    say("asking for the pages")
    milliseconds = asyncio.run(_all(app, engine, now))
    return _topic(decisions, milliseconds)


def _known_at(engine: sa.Engine) -> datetime:
    """As of when the real decisions were made: what they were made on is not of the future."""
    (newest,) = DecisionLog(engine).search(Query(), 1).records
    return datetime.fromisoformat(newest["as_of"])


def _filled(folder: Path, path: Path, decisions: int, say: Say) -> sa.Engine:
    if path.exists():
        say(f"taking the log that is there: {path}")
        return connect(f"sqlite:///{path}")
    folder.mkdir(parents=True, exist_ok=True)
    filling = path.with_suffix(".part")
    filling.unlink(missing_ok=True)
    upgrade(f"sqlite:///{filling}")
    engine = connect(f"sqlite:///{filling}")
    say(f"filling {path} with {decisions:,} decisions")
    Log(decided(folder, engine), decisions).fill(engine)
    with engine.connect() as connection:  # so that the file alone holds all of it
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    filling.rename(path)
    return connect(f"sqlite:///{path}")


async def _all(app: FastAPI, engine: sa.Engine, now: datetime) -> dict[str, list[float]]:
    log = DecisionLog(engine)
    ids = [
        log.search(query, 1).records[0]["decision_id"]
        for query in (Query(), Query(account_id="many"))
    ]
    async with _client(app) as client:
        known = Known(*ids, await _deep(client))
        calls = {page.name: await _call(client, page) for page in pages(known)}
        await _check(calls)
        return {name: await _timed(call) for name, call in calls.items()}


@asynccontextmanager
async def _client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        client.headers["Accept"] = "text/html"
        yield client


async def _deep(client: httpx.AsyncClient) -> str:
    """The address of the page that is DEEP pages from the first."""
    address = "/review"
    for _ in range(DEEP - 1):
        found = _NEXT.search((await client.get(address)).text)
        assert found is not None
        address = unescape(found[1])
    return address


async def _check(calls: Mapping[str, Call]) -> None:
    """Each page is there: what is timed is no problem. It is warm then, too."""
    told = {name: (await call()).status_code for name, call in calls.items()}
    wrong = [f"{name} answers {status}" for name, status in told.items() if status not in FINE]
    if wrong:
        raise RuntimeError("; ".join(wrong))


async def _timed(call: Call) -> list[float]:
    """Milliseconds of each call."""
    found = []
    for _ in range(CALLS):
        start = time.perf_counter()
        await call()
        found.append((time.perf_counter() - start) * 1e3)
    return found


async def _call(client: httpx.AsyncClient, page: Shown) -> Call:
    """The call that is timed: a form is sent with the texts that its page holds."""
    if page.form is None:
        return lambda: client.get(page.address)
    at = "/review" if page.address == SEARCH else page.address
    html = (await client.get(at)).text
    csrf = _CSRF.search(html)
    assert csrf is not None
    texts = {} if at == "/review" else {name: unescape(told) for name, told in _TEXT.findall(html)}
    fields = texts | page.form | {"csrf": csrf[1]}
    return lambda: client.post(page.address, data=fields)


def _topic(decisions: int, milliseconds: dict[str, list[float]]) -> Topic:
    figures = {
        name: {"median": median(each), "p95": float(np.percentile(each, 95))}
        for name, each in milliseconds.items()
    }
    over = [name for name, each in figures.items() if each["median"] > BOUND * 1e3]
    notes = [
        f"{decisions:,} decisions in SQLite; {CALLS} calls of each page, one after the other, "
        "within one process that also makes the calls. Milliseconds.",
        f"Over {BOUND * 1e3:.0f} ms: {', '.join(over) or 'none'}.",
    ]
    rows = [(name, f"{each['median']:.1f}", f"{each['p95']:.1f}") for name, each in figures.items()]
    table = Table(("page", "median", "95th percentile"), rows)
    return Topic("Review pages", notes, [table], figures)
