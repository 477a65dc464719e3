"""Published reports in the database: each kept whole, none changed later."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from logging import getLogger
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import msgspec
import sqlalchemy as sa
from backports import zstd

from service.instants import instant, microseconds, new_id
from service.reports.report import Report
from service.tables import REPORTS

_LOGGER = getLogger(__name__)

LIMIT = 5_000_000  # bytes of JSON; what the commands make are a few hundred thousand at most
_KEPT = 256  # documents in memory, of which only what pages show
_LEVEL = 9  # of compression: it is done once a night

Kind = TypeVar("Kind", bound=Report)


class ReportError(Exception):
    """A report that must not be published: what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Published(Generic[Kind]):
    """A report with when and by whom it was published."""

    report_id: UUID
    made_at: datetime
    actor: str
    document: Kind


class Reports:
    """The reports in the database of `engine`. Threads may share it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._document = lru_cache(_KEPT)(self._read)  # a published one never changes

    def publish(
        self, kind: type[Kind], document: Mapping[str, Any], actor: str, now: datetime
    ) -> Published[Kind]:
        """Keep a report; durable on return.

        Raises ReportError for one that pages could not show; sqlalchemy.exc.SQLAlchemyError.
        """
        content = msgspec.json.encode(document)
        if len(content) > LIMIT:
            raise ReportError(f"the report has {len(content):,} bytes, more than {LIMIT:,}")
        try:
            shaped = msgspec.json.decode(content, type=kind)
        except msgspec.ValidationError as error:
            raise ReportError(f"the report is not as pages need it: {error}") from error
        row = {
            "report_id": new_id(now),
            "kind": kind.kind,
            "made_at": microseconds(now),
            "actor": actor,
            "document": zstd.compress(content, _LEVEL),
        }
        with self._engine.begin() as connection:
            connection.execute(REPORTS.insert(), row)
        return Published(cast(UUID, row["report_id"]), now, actor, shaped)

    def newest(self, kind: type[Kind]) -> Published[Kind] | None:
        """The report of this kind that was published last; None: no such report."""
        return next(iter(self.latest(kind, 1)), None)

    def latest(self, kind: type[Kind], limit: int) -> list[Published[Kind]]:
        """Up to `limit` reports of this kind, the one that was published last first.

        One that cannot be read is left out, as another version may have published it: none can be
        removed, and one must not take the others away.
        """
        columns = REPORTS.c
        query = (
            sa.select(columns.report_id, columns.made_at, columns.actor)
            .where(columns.kind == kind.kind)
            .order_by(columns.report_id.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        read = [(row, self._of(row.report_id, kind)) for row in rows]
        return [
            Published(row.report_id, instant(row.made_at), row.actor, document)
            for row, document in read
            if document is not None
        ]

    def _of(self, report_id: UUID, kind: type[Kind]) -> Kind | None:
        return cast(Kind | None, self._document(report_id, kind))

    def _read(self, report_id: UUID, kind: type[Report]) -> Report | None:
        query = sa.select(REPORTS.c.document).where(REPORTS.c.report_id == report_id)
        with self._engine.connect() as connection:
            content = connection.execute(query).scalar_one()
        try:
            return msgspec.json.decode(zstd.decompress(content), type=kind)
        except (zstd.ZstdError, msgspec.DecodeError) as error:
            cause = type(error).__name__
            _LOGGER.warning("report %s (%s) cannot be read: %s", report_id, kind.kind, cause)
            return None
