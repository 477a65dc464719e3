"""What the run's document tells of the guards."""

import json

import pytest

from features.panel import panel
from tests.histories import random_tables
from training.guards.document import STRONGEST, guards_document
from training.guards.plausible import Histories
from training.guards.powers import Power
from training.labels import snapshots

FOUND = [Power(f"f{k}", 0.95 - k / 50) for k in range(15)]
HISTORIES = Histories(comparable=100, duplicates=1, rises=50, impossible_rises=0)


@pytest.mark.parametrize(
    ("moved", "bound", "flagged", "passed"),
    [
        ((), 0.96, [], True),
        ((), 0.92, ["f0", "f1"], False),
        (("f3",), 0.96, [], False),
    ],
)
def test_the_document(
    moved: tuple[str, ...], bound: float, flagged: list[str], passed: bool
) -> None:
    left = snapshots(panel(*random_tables(2, accounts=100))).left
    told = json.loads(json.dumps(guards_document(left, HISTORIES, moved, FOUND, bound)))
    assert told["passed"] is passed
    assert told["moved_features"] == list(moved)
    assert told["implausible_features"] == flagged
    assert told["implausible_auc"] == bound
    assert told["rows"] == vars(left)
    assert told["rows"]["immature"] > 0
    assert told["histories"] == vars(HISTORIES)
    assert told["strongest_features"][0] == {"name": "f0", "auc": 0.95}
    assert len(told["strongest_features"]) == STRONGEST
