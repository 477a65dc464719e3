"""Publishing: a command's report into the service's database, where the review pages find it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curescore.console import out
from curescore.person import actor

if TYPE_CHECKING:
    from service.reports.report import Report
    from service.reports.store import Reports

Publish = Annotated[
    bool,
    typer.Option("--publish", help="Store the report in the service's database, for its pages."),
]


@contextmanager
def opened(publish: bool) -> Iterator["Reports | None"]:
    """Where reports are kept, None where none is to be published; looked at before the work."""
    if not publish:
        yield None
        return
    from service.database import assert_durable, assert_migrated, connect
    from service.reports.store import Reports
    from service.settings import load_settings

    engine = connect(load_settings().database)
    try:
        assert_durable(engine)
        assert_migrated(engine)
        yield Reports(engine)
    finally:
        engine.dispose()


def published(reports: "Reports", kind: "type[Report]", document: dict[str, Any]) -> dict[str, Any]:
    """Publish the report; what is told of that."""
    made = reports.publish(kind, document, actor(), datetime.now(UTC))
    return {
        "report_id": str(made.report_id),
        "kind": kind.kind,
        "made_at": made.made_at.isoformat(),
        "actor": made.actor,
    }


def tell(told: dict[str, Any]) -> None:
    """Say what was published, and where it is seen."""
    out.print(
        f"published: report {told['report_id']} ({told['kind']}), for the page /review/portfolio",
        soft_wrap=True,
    )
