"""Metrics for whoever watches the service."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from starlette.responses import Response

from service.api.common import PartsOf
from service.metrics import MEDIA_TYPE
from service.openapi import problems

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Metrics in Prometheus' text format",
    response_class=PlainTextResponse,
    responses=problems(),
)
def get_metrics(parts: PartsOf) -> Response:
    """What is served, what was refused, and how much is waiting. For the scope admin."""
    return Response(parts.metrics.text(), media_type=MEDIA_TYPE)
