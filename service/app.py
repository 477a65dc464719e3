"""The application: all wiring, from collaborators that are handed in."""

import gc
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from logging import getLogger
from multiprocessing import parent_process
from typing import Any

import sqlalchemy as sa
from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from models.generation import Generation
from models.processes import end_with_parent
from service import openapi
from service.admission import Admission
from service.api import decisions, explain, happened, health, metrics, overriding, served, visits
from service.api.common import Lane, Parts, hung_up
from service.api.direct import Service
from service.bodylimit import BodyLimit
from service.database import assert_closed, assert_durable, assert_migrated, connect
from service.deciding.batches import Batches
from service.deciding.numbering import Numbering
from service.deciding.together import Together
from service.drift import Scores
from service.errors import FieldError, ProblemError, failed, invalid, shown, unavailable
from service.explaining import Explaining
from service.happened.store import Happened
from service.log.decisions import DecisionLog
from service.log.generations import Generations
from service.log.idempotency import Idempotency
from service.log.inserts import Inserts
from service.log.writer import Writer
from service.metrics import Metrics, shared_folder
from service.numbers import Numbers
from service.overriding import Overriding
from service.readiness import Readiness
from service.replay.past import Past
from service.reports.store import Reports
from service.review import problems
from service.review.routes import PAGES
from service.scoring import Clock, Scoring
from service.security.authentication import Authentication
from service.security.callers import authorise
from service.security.door import Door
from service.security.keys import Keys
from service.security.known import KnownKeys
from service.security.rates import Rates
from service.security.sessions import Sessions
from service.security.uses import KeyUses
from service.served.evidence import Evidences
from service.served.following import Following, unwatched
from service.served.plans import Plans
from service.settings import Settings, load_settings
from service.tracing import Tracing
from service.visits.visiting import Visiting

_LOGGER = getLogger(__name__)

FREE_SMALL, FREE_LARGE = 256, 2  # requests that are let in however slow the service is
TELLING, FREE_TOLD = 4, 16  # threads, far fewer than the database has connections; requests
LANE_BYTES = 64 * 2**20
WAIT_SECONDS = 2.0  # far within any client's time-out
SWITCH_SECONDS = 0.0005  # a thread that computes lets the event loop go on after so long
COLLECT_AFTER = (20_000, 20, 20)  # objects, and rounds: seldom, as little of a request is cyclic
# Modules with a router.
ROUTED = (
    decisions,
    overriding,
    explain,
    happened,
    visits,
    served,
    health,
    metrics,
)
_KIND_OF_STATUS = {404: "not-found", 405: "method-not-allowed"}
_DETAILS = {404: "There is nothing at this address.", 405: "This address takes other methods."}


def utc_now() -> datetime:
    """The server's clock."""
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    engine: sa.Engine,
    current: Callable[[], Generation],
    clock: Clock = utc_now,
    following: Following | None = None,
) -> FastAPI:
    """The service: `engine` holds its tables, `current` gives the generation to decide with.

    `following`, where `current` comes from there, is followed while the app lives.
    """
    models = unwatched(current) if following is None else following.status
    numbers = Numbers(Scores(shared_folder()))
    writer = Writer(engine, Inserts(engine).put, numbers)
    readiness = Readiness(engine, current, lambda: writer.lately, clock)
    happened = Happened(engine)
    scoring, numbering = Scoring(clock), Numbering(Generations(engine))
    deciding = Together(scoring, current, numbering, happened, writer, numbers)
    batches = Batches(scoring, current, numbering, happened, writer, numbers)

    uses = KeyUses(engine)
    door = _door(engine, settings, uses) if settings.auth == "keys" else None

    def guarded(served: ASGIApp) -> ASGIApp:
        limited = BodyLimit(served, settings.body_limit)
        entered = Authentication(limited, door, problems.answered)
        return ServerErrorMiddleware(entered, _internal)

    past = Past(engine, settings, current)
    overriding = Overriding(engine, past, current, clock, happened)
    generation = current()
    app = Service(
        decisions.DIRECT,
        guarded,
        Tracing(numbers),
        title="curescore",
        version=generation.code,
        description="Decides how hard to contact a late account, and says why.",
        openapi_url=None,  # served by a route of ours, which asks for a key
        redirect_slashes=False,
        dependencies=[Depends(authorise)],
        lifespan=_lifespan(engine, writer, deciding, batches, uses, following),
    )
    app.state.parts = Parts(
        deciding,
        batches,
        *_lanes(numbers, settings.body_limit),
        ThreadPoolExecutor(TELLING, "telling"),
        Idempotency(engine),
        Explaining(current, clock, happened),
        overriding,
        past,
        DecisionLog(engine),
        happened,
        Visiting(engine, happened, DecisionLog(engine), overriding.check),
        Reports(engine),
        clock,
        current,
        readiness,
        models,
        Evidences(None if settings.models else settings.cache),
        Metrics(numbers, models, readiness),
    )
    for router in (*(part.router for part in ROUTED), *PAGES):
        app.include_router(router)
    currency = next(iter(generation.bundles.values())).currency
    app.state.openapi = cache(lambda: openapi.document(app, currency))
    # The last one added is the first to see a request: who is not known may not send a body.
    app.add_middleware(BodyLimit, limit=settings.body_limit)
    app.add_middleware(Authentication, door=door, answer=problems.answered)
    app.state.door = door
    _handle_errors(app)
    return app


def _door(engine: sa.Engine, settings: Settings, uses: KeyUses) -> Door:
    """Who is let in by the keys and sessions in the database."""
    sessions = Sessions(engine)
    keys, browsers = KnownKeys(Keys(engine).live), KnownKeys(sessions.key)
    return Door(keys, browsers, sessions, Rates(settings.requests_per_second), uses)


def _lanes(numbers: Numbers, body_limit: int) -> tuple[Lane, Lane, Lane]:
    """The lanes of small bodies, of large ones, and of what people and systems tell."""
    large = max(LANE_BYTES, body_limit)
    return (
        Lane(Admission(FREE_SMALL, LANE_BYTES, WAIT_SECONDS), numbers.lane("small")),
        Lane(Admission(FREE_LARGE, large, WAIT_SECONDS), numbers.lane("large")),
        Lane(Admission(FREE_TOLD, large, WAIT_SECONDS), numbers.lane("told")),
    )


def _lifespan(
    engine: sa.Engine,
    writer: Writer,
    deciding: Together,
    batches: Batches,
    uses: KeyUses,
    following: Following | None,
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        writer.start()
        deciding.start()
        batches.start()
        uses.start()
        if following is not None:
            following.start()
        yield
        if following is not None:
            following.stop()
        deciding.close()
        batches.close()
        writer.close()
        uses.close()
        engine.dispose()

    return lifespan


def from_environment() -> FastAPI:
    """The service as the environment's settings describe it.

    Raises service.settings.SettingsError, service.database.DatabaseError,
    service.served.registry.ModelsError, models.intensity.plan.PlanError or
    features.errors.InputError where it cannot start.
    """
    if parent_process() is not None:
        end_with_parent()  # one of several workers would keep the port of a service that was killed
    settings = load_settings()
    engine = connect(settings.database)
    assert_durable(engine)
    assert_migrated(engine)
    assert_closed(engine)
    following, plans = Following(settings), Plans(settings.plans)
    app = create_app(
        settings, engine, lambda: plans.applied(following.current()), following=following
    )
    _tune()
    return app


def _tune() -> None:
    """Make the process one that answers soon, rather than one that does much at a time."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()  # what is there now stays: it need not be looked through again and again
    gc.set_threshold(*COLLECT_AFTER)


def _handle_errors(app: FastAPI) -> None:
    handlers: Mapping[Any, Callable[[Request, Any], Any]] = {
        ProblemError: _problem,
        RequestValidationError: _parameters,
        HTTPException: _routing,
        ClientDisconnect: _hung_up,
        OperationalError: _database,
        InterfaceError: _database,
        InternalError: _database,  # it only reads
        ProgrammingError: _database,  # a right or a table is missing
        PoolTimeoutError: _database,
        Exception: _internal,
    }
    for error, handler in handlers.items():
        app.add_exception_handler(error, handler)


async def _problem(request: Request, problem: ProblemError) -> Response:
    return problems.answered(request, problem)


async def _parameters(request: Request, failure: RequestValidationError) -> Response:
    errors = [
        FieldError("", error["msg"], "See /docs.", shown(error.get("input")), str(error["loc"][-1]))
        for error in failure.errors()
    ]
    return problems.answered(request, invalid(errors))


async def _routing(request: Request, failure: HTTPException) -> Response:
    status = failure.status_code if failure.status_code in _KIND_OF_STATUS else 404
    headers = dict(failure.headers or {})
    problem = ProblemError(_KIND_OF_STATUS[status], _DETAILS[status], headers=headers)
    return problems.answered(request, problem)


async def _hung_up(_: Request, __: ClientDisconnect) -> Response:
    return hung_up()


async def _database(request: Request, error: Exception) -> Response:
    _LOGGER.error("the database cannot be used: %s", type(error).__name__)
    return problems.answered(request, unavailable())


async def _internal(request: Request, __: Exception) -> Response:
    response = problems.answered(request, failed())
    response.headers["Connection"] = "close"  # the server closes it: nobody shall send more on it
    return response
