"""What the report says of decisions; the command is tested in tests/curescore."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import InputError
from features.matrix import matrix
from features.panel import Fixed, Panel, Statements, known_at, panel
from models.score.bundle import Bundle, load
from models.score.scores import Scores, score_matrix
from models.target import Outcome
from tests.csvtables import ACCOUNT, STATEMENT, folder_with
from tests.histories import drawn, instant, random_tables
from training.monitoring.decided import PLAIN, batches, of_bundle
from training.monitoring.monitor import Bounds, monitor
from training.monitoring.page import page
from training.monitoring.realised import (
    LEFT,
    OUTSIDE,
    REPEATED,
    UNKNOWN,
    Predictions,
    outcome_after_decision,
    realised,
)
from training.settingsfile import read_settings

CURE = Outcome("cure", 1)
ROWS = 300
REASON = pa.list_(pa.struct([("feature", pa.string()), ("value", pa.float64())]))

HISTORY = """
    2024-01-31 900 50 50 0 .
    2024-02-29 900 50 0 30 .
    2024-03-31 900 50 0 60 .
    2024-04-30 900 50 99 0 .
"""


def predicted(*rows: tuple[str, str], probability: float = 0.5) -> Predictions:
    """Predictions for an account at an instant each, all in stage M1 and tier high."""
    names, at = zip(*rows, strict=True)
    n = len(rows)
    return Predictions(
        np.array(names),
        np.array([instant(each) for each in at]),
        np.full(n, probability),
        np.full(n, "M1"),
        np.full(n, "high"),
    )


@pytest.mark.parametrize(
    ("at", "label"),
    [
        ("2024-01-10", UNKNOWN),  # no statement yet
        ("2024-02-15", OUTSIDE),  # was not late
        ("2024-03-01", 0),
        ("2024-03-31T23:59", 0),  # the statement of the day is known when it has passed
        ("2024-04-01", 1),
        ("2024-04-20", 1),
        ("2024-05-02", OUTSIDE),
    ],
)
def test_a_decision_is_followed_from_the_last_statement_it_knew(at: str, label: int) -> None:
    found = outcome_after_decision(predicted(("a", at)), drawn(HISTORY), ["a"], CURE)
    assert found.tolist() == [label]


def test_why_a_decision_has_no_outcome() -> None:
    history = drawn(HISTORY.replace("99 0", "0 90"))
    rows = (("a", "2024-04-02"), ("a", "2024-04-03"), ("b", "2024-04-02"), ("a", "2024-05-02"))
    found = outcome_after_decision(predicted(*rows), history, ["a"], CURE)
    assert found.tolist() == [REPEATED, 0, UNKNOWN, LEFT["immature"]]
    told = realised(predicted(*rows), history, ["a"], CURE)
    assert told["without"] == dict.fromkeys(LEFT, 0) | {
        "immature": 1,
        "unknown": 1,
        "repeated": 1,
    }
    assert told["overall"]["n"] == 1
    assert list(told["by_stage"]) == ["M1"]


def test_early_warning_is_followed_by_its_own_label() -> None:
    outcome = Outcome("early_warning", 1)
    found = outcome_after_decision(
        predicted(("a", "2024-02-15"), ("a", "2024-04-15")), drawn(HISTORY), ["a"], outcome
    )
    assert found.tolist() == [0, OUTSIDE]


def cohort(n: int, cured: int) -> Panel:
    """Accounts late on 2024-03-31, the first of which are current a month later."""
    account = np.repeat(np.arange(n), 2)
    day = np.tile([19_813.0, 19_843.0], n)
    late = np.tile([30.0, 30.0], n)
    late[1 : 2 * cured : 2] = 0
    money, none = np.full(2 * n, 500.0), np.zeros(n, np.bool_)
    return panel(
        Fixed(np.full(n, np.nan), np.zeros(n), np.zeros(n), none, none),
        Statements(
            account, day, (day + 1) * 86_400, money, money, money, late, money, np.zeros(2 * n)
        ),
    )


def test_predicted_and_realised_are_compared() -> None:
    ids = [f"a{k}" for k in range(100)]
    predictions = predicted(*((name, "2024-04-02") for name in ids))
    found = realised(predictions, cohort(100, cured=60), ids, CURE)
    group = found["overall"]
    assert group == found["by_stage"]["M1"] == found["by_tier"]["high"]
    assert (group["n"], group["predicted"], group["realised"]) == (100, 0.5, 0.6)
    assert group["deviation"] == pytest.approx(2.0)
    assert group["difference"] == pytest.approx(0.1)
    low, high = group["difference_ci"]
    assert (0.5 + low, 0.5 + high) == pytest.approx((0.502, 0.691), abs=0.001)


@pytest.fixture(scope="module")
def bundle(bundle_dir: Path) -> Bundle:
    return replace(load(bundle_dir), training={"n": 1_500})


@pytest.fixture(scope="module")
def rows(bundle: Bundle) -> Scores:
    """Scores of some of the rows that the bundle was fitted on."""
    history = panel(*random_tables(0, accounts=1_500))
    as_of = np.random.default_rng(0).uniform(19_100, 19_300, history.accounts) * 86_400
    view = known_at(history, np.arange(history.accounts), as_of)
    return score_matrix(bundle, matrix(history, view)[:ROWS])


def written(
    folder: Path, bundle: Bundle, rows: Scores, most: int | None = None, others: int = 0
) -> Path:
    """The rows as the decisions of a run, the last `others` of them of another bundle."""
    n = len(rows.log_odds)
    order = np.argsort(-np.abs(rows.contributions), axis=1, kind="stable")
    offset = {"feature": "stage_offset", "value": 30.0}
    reasons = [
        [
            offset,
            *(
                {"feature": bundle.features[j], "value": value if value == value else None}
                for j, value in zip(order[i, :most], rows.features[i, order[i, :most]], strict=True)
            ),
        ]
        for i in range(n)
    ]
    plain: dict[str, Any] = {
        "account_id": [f"a{i}" for i in range(n)],
        "as_of": [1_711_972_800_000_000] * n,
        "log_odds": rows.log_odds,
        "probability": rows.probability,
        "stage": ["M1"] * n,
        "tier": ["high"] * n,
        "bundle_sha256": [bundle.sha256] * (n - others) + ["another"] * others,
    }
    (folder / "decisions").mkdir()
    table = pa.table(plain, schema=PLAIN).append_column("reasons", pa.array(reasons, REASON))
    for k, start in enumerate((0, 100)):  # as chunks of a run
        part = table.slice(start, 100 if k == 0 else None)
        pq.write_table(part, folder / "decisions" / f"part-{k:05d}.parquet")
    return folder


def test_decisions_are_read_as_they_were_scored(
    bundle: Bundle, rows: Scores, tmp_path: Path
) -> None:
    folder = written(tmp_path, bundle, rows)
    for place in (folder, folder / "decisions"):
        parts = [of_bundle(each, bundle.sha256, bundle.features) for each in batches(place)]
        assert np.concatenate([part.account_id for part in parts]).tolist()[:2] == ["a0", "a1"]
        read = np.concatenate([part.features for part in parts])
        np.testing.assert_array_equal(read, rows.features)
        named = [name for part in parts for name in part.largest]
        first = np.abs(rows.contributions).argmax(axis=1)
        assert named == [bundle.features[j] for j in first]
        assert parts[0].at[0] == instant("2024-04-01T12:00")


def test_a_feature_that_drifted_is_named_and_only_it(
    bundle: Bundle, rows: Scores, tmp_path: Path
) -> None:
    j = bundle.features.index("dpd_last")
    features = rows.features.copy()
    features[:, j] = 90
    folder = written(tmp_path, bundle, rows._replace(features=features), others=20)
    report = monitor(folder, bundle, None, Bounds())
    assert report["decisions"]["compared"] == ROWS - 20
    assert report["decisions"]["other_bundles"] == 20
    assert [(each["bound"], each["of"]) for each in report["broken"]] == [
        ("feature_psi", "dpd_last")
    ]
    assert report["broken"][0]["value"] == report["drift"]["features"]["dpd_last"] > 1
    assert report["moved"]["dpd_last"]["now"] == 1.0
    assert sum(report["score"]["now"]) == pytest.approx(1)
    text = page(report)
    assert "1 bound is broken." in text
    assert "dpd_last" in text
    assert text.count("<svg") == 2
    assert not re.search(r"""(src|href)=["'][^#]|url\([^#]""", text)  # nothing from elsewhere


def test_few_decisions_are_not_taken_for_drift(
    bundle: Bundle, rows: Scores, tmp_path: Path
) -> None:
    report = monitor(written(tmp_path, bundle, rows, others=ROWS - 25), bundle, None, Bounds())
    assert max(report["drift"]["features"].values()) > 0.25
    assert report["broken"] == []


def test_where_reasons_were_cut_the_rest_is_compared(
    bundle: Bundle, rows: Scores, tmp_path: Path
) -> None:
    (tmp_path / "cut").mkdir()
    (tmp_path / "whole").mkdir()
    cut = monitor(written(tmp_path / "cut", bundle, rows, most=5), bundle, None, Bounds())
    whole = monitor(written(tmp_path / "whole", bundle, rows), bundle, None, Bounds())
    assert "--reasons all" in cut["features_left_out"]
    assert "--reasons all" in page(cut)
    assert whole["features_left_out"] is None
    assert cut["drift"]["features"] == {}
    for name in ("score_psi", "reasons_psi"):
        assert cut["drift"][name] == whole["drift"][name] < 0.1
    assert cut["reasons"] == whole["reasons"]


@pytest.mark.parametrize(
    ("probability", "cured", "broken"),
    [
        (0.5, 195, {"overall", "stage M1", "tier high"}),  # 5.2 deviations
        (0.5, 170, set()),  # 2.3 deviations, though 0.067 off
        (0.02, 16, set()),  # 4.1 deviations, though only 0.033 off
    ],
)
def test_calibration_breaks_its_bound_only_beyond_both(
    bundle: Bundle,
    rows: Scores,
    tmp_path: Path,
    probability: float,
    cured: int,
    broken: set[str],
) -> None:
    names = [{"account_id": f"a{k}"} for k in range(ROWS)]
    late = [STATEMENT | name | {"statement_date": "2024-03-31"} for name in names]
    later = [
        STATEMENT
        | name
        | {"statement_date": "2024-04-30", "days_past_due": "0" if k < cured else "60"}
        for k, name in enumerate(names)
    ]
    (tmp_path / "later").mkdir()
    accounts = [ACCOUNT | name for name in names]
    folder_with(tmp_path / "later", accounts=accounts, statements=late + later)
    made = rows._replace(probability=np.full(ROWS, probability))
    decisions = written(tmp_path, bundle, made, most=5)
    report = monitor(decisions, bundle, tmp_path / "later", Bounds())
    assert {each["of"] for each in report["broken"]} == broken
    assert ("bounds are broken" in page(report)) == bool(broken)


def test_folders_without_decisions_are_refused(
    bundle: Bundle, rows: Scores, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="holds no decisions in Parquet"):
        list(batches(tmp_path))
    pq.write_table(pa.table({"account_id": ["a"]}), tmp_path / "accounts.parquet")
    with pytest.raises(InputError, match="column as_of: is missing"):
        list(batches(tmp_path))
    (tmp_path / "accounts.parquet").write_text("no Parquet")
    with pytest.raises(InputError, match="cannot be read"):
        list(batches(tmp_path))
    (tmp_path / "other").mkdir()
    folder = written(tmp_path / "other", bundle, rows, most=5, others=ROWS)
    with pytest.raises(InputError, match=f"holds no decision of bundle.* {ROWS} of others"):
        monitor(folder, bundle, None, Bounds())


def test_a_run_that_decided_nothing_is_refused(
    bundle: Bundle, rows: Scores, tmp_path: Path
) -> None:
    folder = written(tmp_path, bundle, rows, most=5)
    for path in (folder / "decisions").iterdir():
        pq.write_table(pq.read_table(path).slice(0, 0), path)
    with pytest.raises(InputError, match=r"holds no decisions\. .*refused/"):
        monitor(folder, bundle, None, Bounds())


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("as_of", None, "lacks values"),
        ("probability", None, "lacks values"),
        ("stage", None, "lacks values"),
        ("probability", 1.01, "not from 0 to 1"),
        ("probability", -0.01, "not from 0 to 1"),
        ("probability", np.nan, "not from 0 to 1"),
    ],
)
def test_values_that_no_decision_has_are_refused(
    bundle: Bundle,
    rows: Scores,
    tmp_path: Path,
    column: str,
    value: float | None,
    problem: str,
) -> None:
    folder = written(tmp_path, bundle, rows, most=5)
    path = folder / "decisions" / "part-00001.parquet"
    table = pq.read_table(path)
    values = [*table[column].to_pylist()[:-1], value]
    k = table.column_names.index(column)
    field = table.schema.field(k)
    pq.write_table(table.set_column(k, field, pa.array(values, field.type)), path)
    with pytest.raises(InputError, match=f"part-00001.parquet, column {column}.*{problem}"):
        monitor(folder, bundle, None, Bounds())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("score_psi = 0", "score_psi: Input should be greater than 0"),
        ("psi = 0.1", "psi: is not a setting"),
        ("score_psi", "not TOML"),
        (None, "there is no such file"),
    ],
)
def test_wrong_bounds_are_refused(text: str | None, told: str, tmp_path: Path) -> None:
    path = tmp_path / "bounds.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=told):
        read_settings(path, Bounds, "docs/monitoring.md")


def test_bounds_are_read_and_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    (tmp_path / "bounds.toml").write_text("feature_psi = 0.5\n")
    assert read_settings(tmp_path / "bounds.toml", Bounds, "") == Bounds(feature_psi=0.5)
    assert read_settings(None, Bounds, "") == Bounds()
