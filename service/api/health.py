"""Health and readiness: the only routes that need no key."""

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from service.api.common import PartsOf, answer
from service.health_answer import HealthAnswer, ReadinessAnswer
from service.openapi import open_problems
from service.served.following import ModelsStatus

READY_SECONDS = 5.0  # within which the database has to answer

router = APIRouter(tags=["health"])


@router.get(
    "/healthz",
    operation_id="getHealth",
    summary="Is the process alive?",
    response_model=HealthAnswer,
    responses=open_problems(),
)
async def health() -> Response:
    """Touches nothing: a failing database is no reason to restart the process."""
    return answer({"status": "ok"})


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Can decisions be made and recorded?",
    response_model=ReadinessAnswer,
    responses={
        **open_problems(),
        503: {"model": ReadinessAnswer, "description": "not now; `failed` says why"},
    },
)
async def readiness(parts: PartsOf) -> Response:
    """The log takes decisions; models, rules and prices are told.

    A refused model and stale prices keep nobody from deciding.
    """
    readiness = parts.readiness
    try:
        log = await asyncio.wait_for(asyncio.to_thread(readiness.log), READY_SECONDS)
    except TimeoutError:
        log = "database does not answer"
    failed = readiness.failed(log)
    told = {"ready": not failed, "failed": failed, **readiness.told(log)}
    return answer(told | {"models": _models(parts.models())}, 503 if failed else 200)


def _models(status: ModelsStatus) -> dict[str, Any]:
    served, watched = status.served, status.watched
    generation, challenger = served.generation, served.generation.challenger
    registry = "answers" if watched and watched.answers else "does not answer"
    looked_at = None if watched is None or watched.looked_at is None else watched.looked_at
    return {
        "sequence": served.sequence,
        "since": served.since.isoformat(),
        "bundles": {
            target: {"name": generation.models[target], "sha256": bundle.sha256}
            for target, bundle in generation.bundles.items()
        },
        "policy_sha256": generation.policy.sha256,
        "challenger_sha256": None if challenger is None else challenger.sha256,
        "refused": [each.model_dump(mode="json") for each in status.refused],
        "registry": "not asked" if watched is None else registry,
        "looked_at": None if looked_at is None else looked_at.isoformat(),
        "problem": None if watched is None else watched.problem,
    }
