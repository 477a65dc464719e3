from dataclasses import asdict, replace
from datetime import UTC, datetime
from uuid import UUID

import numpy as np

from curescore.nightly.columns import DECISIONS, decision_columns
from curescore.nightly.manifest import Manifest
from models.decision import ReasonName, Reasons
from tests.records import decided

NIGHT = datetime(2026, 11, 23, tzinfo=UTC)
RUN = Manifest(
    run_id=UUID(int=7),
    decided_at=NIGHT,
    as_of=NIGHT,
    reasons=None,
    chunk=10,
    table_limit=0,
    models=(),
    policy="own",
    policy_sha256="ab" * 32,
    versions={},
    inputs={},
)
LATE = (ReasonName("dpd_last", "willingness", "days"), ReasonName("apr", "ability", "share"))
EARLY = (ReasonName("apr", "ability", "share"),)


def reasons(names: tuple[ReasonName, ...], *told: tuple[int, float, float]) -> Reasons:
    feature, value, contribution = np.array(told).reshape(-1, 3).T.copy()
    return Reasons(feature.astype(np.uint16), value, contribution, names)


def test_reasons_are_those_of_each_decision_whatever_its_bundle_names() -> None:
    each = [
        reasons(LATE, (1, np.nan, -0.5), (0, 28.0, 0.25)),
        reasons(EARLY, (0, 0.2, 0.125)),
        reasons(LATE),
        reasons(LATE, (0, 0.0, 0.0)),
    ]
    table = decision_columns([replace(decided(), reasons=one) for one in each], RUN)
    expected = [[asdict(reason) for reason in one] for one in each]
    assert table["reasons"].to_pylist() == expected
    assert expected[0][0]["value"] is None
    assert table.schema == DECISIONS


def test_no_decisions_are_no_rows() -> None:
    table = decision_columns([], RUN)
    assert (table.num_rows, table.schema) == (0, DECISIONS)
