"""The page of the whole portfolio, from published reports and the plan in force."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from models.intensity.plan import Terms
from service.api.common import Parts, PartsOf
from service.readiness import Prices
from service.reports.kpi import Kpi
from service.reports.monitor import Monitor
from service.review.asked import AskedOf
from service.review.portfolio.standing import ACCOUNTS
from service.review.portfolio.whole import portfolio_view
from service.review.rendering import page
from service.security.callers import scopes
from service.visits.planning import LOOKED_AT

router = APIRouter(include_in_schema=False)

MONITORS = 60  # reports of monitoring that are looked at, the newest


@router.get("/review/portfolio")
@scopes("review")
def portfolio(parts: PartsOf, asked: AskedOf, show: Annotated[str, Query()] = ACCOUNTS) -> Response:
    """Where accounts stand, what was achieved, what drifts; `show`: of accounts, or a currency."""
    now = parts.clock()
    view = portfolio_view(
        parts.reports.newest(Kpi),
        parts.reports.latest(Monitor, MONITORS),
        _plan(parts),
        show,
        now,
        asked.language,
    )
    to_plan = parts.visiting.to_plan(now)
    return page("portfolio.html", asked, **view, to_plan=to_plan, looked_at=LOOKED_AT)


def _plan(parts: Parts) -> tuple[Terms, Prices] | None:
    """The capacity plan in force, and how it stands now."""
    prices, plan = parts.readiness.prices(), parts.current().plan
    return None if prices is None or plan is None else (plan.terms, prices)
