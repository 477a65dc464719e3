"""Published reports: kept whole, found newest first, refused where pages could not show them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from backports import zstd

from service.database import connect, upgrade
from service.instants import microseconds, new_id
from service.reports.kpi import Kpi
from service.reports.monitor import Monitor
from service.reports.store import LIMIT, ReportError, Reports
from service.tables import REPORTS
from tests.reported import MANY, kpi_report, monitor_report, realised
from tests.service.conftest import NOW


@pytest.fixture(scope="module")
def key_figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return kpi_report(tmp_path_factory.mktemp("kpi") / "tables")


BOTH = pytest.mark.parametrize("database", ["database_url", "postgres_url"], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """SQLite, or where BOTH says so each database."""
    url = request.getfixturevalue(getattr(request, "param", "database_url"))
    upgrade(url)
    engine = connect(url)
    yield engine
    engine.dispose()


@BOTH
def test_a_report_comes_back_as_it_was_published(
    database: sa.Engine, key_figures: dict[str, Any]
) -> None:
    made = Reports(database).publish(Kpi, key_figures, "nightly", NOW)
    found = Reports(database).newest(Kpi)  # read by another process
    assert found == made
    assert (found.made_at, found.actor) == (NOW, "nightly")
    told = found.document
    assert told.portfolio.accounts == MANY == sum(c.accounts for c in told.portfolio.cells)
    assert told.total.cure.rate == key_figures["total"]["cure"]["rate"]
    assert list(told.by.month) == ["2025-02", "2025-03"]
    with database.connect() as connection:
        kept = connection.execute(sa.select(REPORTS.c.document)).scalar_one()
    assert msgspec.json.decode(zstd.decompress(kept)) == key_figures  # whole, not what is shown


@BOTH
def test_the_newest_of_a_kind_come_first(database: sa.Engine) -> None:
    reports = Reports(database)
    assert reports.newest(Monitor) is None
    days = ["2025-06-28", "2025-06-29", "2025-06-30"]
    for number, day in enumerate(days):
        at = NOW + timedelta(microseconds=number)
        reports.publish(Monitor, monitor_report(day, outcomes=realised()), "nightly", at)
    found = reports.latest(Monitor, 2)
    assert [each.document.decisions.until.date().isoformat() for each in found] == days[:0:-1]
    assert reports.newest(Monitor) == found[0]
    assert reports.newest(Kpi) is None
    assert len(reports.latest(Monitor, 10)) == 3


@BOTH
@pytest.mark.parametrize("change", ["UPDATE reports SET actor = 'me'", "DELETE FROM reports"])
def test_what_was_published_stays(database: sa.Engine, change: str) -> None:
    reports = Reports(database)
    made = reports.publish(Monitor, monitor_report(), "nightly", NOW)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.begin() as connection:
        connection.exec_driver_sql(change)
    assert Reports(database).newest(Monitor) == made


def without(document: dict[str, Any], *path: str) -> dict[str, Any]:
    """The document without what lies at a path."""
    first, *rest = path
    if rest:
        return {**document, first: without(document[first], *rest)}
    return {name: value for name, value in document.items() if name != first}


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        (lambda d: without(d, "portfolio"), "portfolio"),
        (lambda d: without(d, "by", "month"), r"\$\.by"),
        (lambda d: without(d, "total", "cure", "n"), r"\$\.total\.cure"),
        (lambda d: d | {"from": "yesterday"}, r"\$\.from"),
        (lambda d: d | {"until": "2025-03-03T12:00:00"}, r"\$\.until"),
        (lambda d: d | {"by": d["by"] | {"month": {"March": d["total"]}}}, r"\$\.by\.month"),
        (lambda d: d | {"overrides": d["overrides"] | {"share": 1.5}}, r"\$\.overrides\.share"),
        (lambda d: d | {"rules": [{"rule": "x", "n": 1, "share": float("nan")}]}, r"\$\.rules"),
    ],
)
def test_what_pages_could_not_show_is_refused(
    database: sa.Engine, key_figures: dict[str, Any], changed: Any, where: str
) -> None:
    reports = Reports(database)
    with pytest.raises(ReportError, match=where):
        reports.publish(Kpi, changed(key_figures), "nightly", NOW)
    assert reports.newest(Kpi) is None


def test_a_report_of_one_kind_is_none_of_another(database: sa.Engine) -> None:
    with pytest.raises(ReportError, match="is not as pages need it"):
        Reports(database).publish(Kpi, monitor_report(), "nightly", NOW)


def test_a_report_has_a_bound(database: sa.Engine) -> None:
    reports = Reports(database)
    room = LIMIT - len(msgspec.json.encode(monitor_report(note="")))
    reports.publish(Monitor, monitor_report(note="x" * room), "nightly", NOW)
    with pytest.raises(ReportError, match="5,000,001 bytes, more than 5,000,000"):
        reports.publish(Monitor, monitor_report(note="x" * (room + 1)), "nightly", NOW)


@pytest.mark.parametrize("content", [b"no zstd", zstd.compress(b"no JSON"), zstd.compress(b"{}")])
def test_a_report_that_cannot_be_read_takes_no_other_away(
    database: sa.Engine, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    reports = Reports(database)
    made = reports.publish(Monitor, monitor_report(), "nightly", NOW)
    later = NOW + timedelta(days=1)
    row = {"report_id": new_id(later), "kind": Monitor.kind, "made_at": microseconds(later)}
    with database.begin() as connection:
        connection.execute(REPORTS.insert(), row | {"actor": "other", "document": content})
    assert reports.latest(Monitor, 2) == [made]
    assert reports.newest(Monitor) is None
    assert f"report {row['report_id']} (monitor) cannot be read" in caplog.text
