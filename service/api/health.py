"""Health and readiness: the only routes that need no key."""

from fastapi import APIRouter
from starlette.responses import Response

from service.answers import HealthAnswer, ReadinessAnswer
from service.api.common import PartsOf, answer
from service.openapi import open_problems

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
def readiness(parts: PartsOf) -> Response:
    """The database answers and holds this version's tables; the models are loaded."""
    failed = parts.ready()
    return answer({"ready": not failed, "failed": failed}, 503 if failed else 200)
