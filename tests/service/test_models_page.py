"""Pages of models: every figure is that of the run's document."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from features.catalogue import BY_NAME
from service.review.labels.catalogue import LABELS
from service.review.labels.models import MODELS_LABELS
from service.review.labels.policies import POLICIES_LABELS
from service.review.model.dots import BANDS
from service.review.model.fairness import group_name
from service.served.evidence import EVALUATION, EXPLAINED
from tests.service.conftest import Client
from tests.service.evidences import REASON, Told
from tests.service.told_pages import (
    Document,
    bundle_of,
    changed_client,
    document_of,
    misshape,
    read,
    told_client,
)

# Of MLflow's use of SQLAlchemy.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture
def pages(told: Told, engine: sa.Engine) -> Client:
    return told_client(told, engine)


@pytest.fixture(scope="module")
def evaluation(told: Told) -> Document:
    return document_of(told, "champion", EVALUATION)


@pytest.fixture(scope="module")
def explained(told: Told) -> Document:
    return document_of(told, "champion", EXPLAINED)


def _with_ends(value: float, ends: list[float], digits: int = 3, sign: str = "") -> str:
    told = [f"{each:{sign}.{digits}f}" for each in (value, *ends)]
    return f"{told[0]} [{told[1]}, {told[2]}]"


def test_the_overview_tells_each_target(pages: Client, evaluation: Document) -> None:
    page, test = read(pages, "/review/models"), evaluation["test"]
    bundle = bundle_of(pages)
    for shown in (
        "cure/1",
        bundle.sha256,
        f"{bundle.training['n']:,}, of {bundle.training['accounts']:,} accounts",
        _with_ends(test["auc"], test["auc_ci"]),
        _with_ends(test["calibration_slope"], test["calibration_slope_ci"], 2),
        f"({test['ece_band']['p95']:.3f})",
        "version 2 waits as challenger",
        "curescore train --data DIR --target early_warning",
        LABELS["model_none_refused"].en,
    ):
        assert shown in page.text, shown


def test_every_measure_is_that_of_the_document(pages: Client, evaluation: Document) -> None:
    page, test = read(pages, "/review/models/cure"), evaluation["test"]
    parts = [test, *test["by_stage"].values()]
    for name, digits in (("ks", 3), ("brier", 4), ("log_loss", 4), ("ece", 3)):
        told = ["–" if part[name] is None else f"{part[name]:.{digits}f}" for part in parts]
        assert page.row(LABELS[f"measure_{name}"].en) == told
    assert page.row("AUC")[0] == _with_ends(test["auc"], test["auc_ci"])
    slope = _with_ends(test["calibration_slope"], test["calibration_slope_ci"], 2)
    assert page.row("Calibration slope")[0] == slope
    bands = [f"{p['ece_band']['mean']:.3f} / {p['ece_band']['p95']:.3f}" for p in parts]
    assert page.row("ECE by chance: mean / limit") == bands
    counts = [f"{part['n']:,}" for part in parts]
    assert counts in [row[1:] for row in page.table("Measure")]
    for name, label in (("seen", "accounts that trained"), ("unseen", "accounts that did not")):
        part = test[name]
        assert page.row(label) == [
            f"{part['n']:,}",
            f"{part['target_rate']:.1%}",
            _with_ends(part["auc"], part["auc_ci"]),
        ]


def test_baselines_are_told_and_drawn(pages: Client, evaluation: Document) -> None:
    page, told = read(pages, "/review/models/cure"), evaluation["test"]["baselines"]
    assert {"roll_rate", "scorecard", "logistic"} <= told.keys()
    for name, each in told.items():
        auc, difference, _ = page.row(LABELS[f"baseline_{name}"].en)
        assert auc == _with_ends(each["auc"], each["auc_ci"])
        assert difference == _with_ends(each["difference"], each["difference_ci"], 3, "+")
    chart = page.charts[0]
    points, ranges = (each["values"] for each in chart["series"])
    assert points == [each["difference"] for each in told.values()]
    assert ranges == [each["difference_ci"] for each in told.values()]


def test_champion_and_challenger_stand_beside_each_other(pages: Client, told: Told) -> None:
    page = read(pages, "/review/models/cure")
    judged = [document_of(told, alias, EVALUATION) for alias in ("champion", "challenger")]
    rows = [row for table in page.tables for row in table if row and row[0] == "AUC"]
    both = [_with_ends(each["test"]["auc"], each["test"]["auc_ci"]) for each in judged]
    assert ["AUC", *both] in rows
    assert ["Version", "1", "2"] in [row for table in page.tables for row in table]
    assert LABELS["rivals_months"].en in page.text
    found = judged[1]["test"]["baselines"]["champion"]
    assert _with_ends(found["difference"], found["difference_ci"], 4, "+") in page.text
    changed = judged[1]["champion"]["changed"]
    assert changed
    old, new = changed["trees"]
    assert page.row("Trees") == [str(old), str(new)]


def test_calibration_is_drawn_overall_and_by_stage(pages: Client, explained: Document) -> None:
    page, told = read(pages, "/review/models/cure"), explained["reliability"]
    drawn = [chart for chart in page.charts if chart.get("diagonal")]
    parts = [told["overall"], *told["by_stage"].values()]
    for chart, part in zip(drawn, parts, strict=False):
        ranges, points = (each["values"] for each in chart["series"])
        assert points == [[bin_["predicted"], bin_["observed"]] for bin_ in part["bins"]]
        assert ranges == [[b["predicted"], b["low"], b["high"]] for b in part["bins"]]
    first = told["overall"]["bins"][0]
    observed = f"{first['observed']:.1%} [{first['low']:.1%}, {first['high']:.1%}]"
    assert [str(first["n"]), f"{first['predicted']:.1%}", observed] in page.table("Rows")
    assert len(drawn) == len(parts) + 1  # and the gain


def test_lift_and_gain_are_those_of_the_document(pages: Client, explained: Document) -> None:
    page = read(pages, "/review/models/cure")
    for row, told in zip(page.table(LABELS["gains_tenth"].en), explained["gains"], strict=True):
        assert row == [
            str(told["decile"]),
            f"{told['n']:,}",
            f"{told['target_rate']:.1%}",
            f"{told['lift']:.2f}",
            f"{told['share']:.0%}",
            f"{told['captured']:.1%}",
        ]


def test_features_that_weigh_most_are_drawn(pages: Client, explained: Document) -> None:
    page, summary = read(pages, "/review/models/cure"), explained["summary"]
    bars = next(c for c in page.charts if c["series"][0]["name"] == LABELS["reasons_mean"].en)
    assert bars["series"][0]["values"] == [each["mean"] for each in summary]
    swarm = next(chart for chart in page.charts if chart["axes"].get("y", {}).get("names"))
    assert swarm["axes"]["y"]["names"][::-1] == [each["feature"] for each in summary]
    points = {tuple(point) for each in summary for point in each["points"]}
    drawn = [point for series in swarm["series"] for point in series["values"]]
    assert drawn
    assert {x for x, _ in drawn} <= {contribution for _, contribution in points}
    assert {series["colour"] for series in swarm["series"]} <= {
        *(f"band-{number}" for number in range(BANDS)),
        "band-unknown",
    }
    assert len(explained["dependence"]) == 6
    for each in explained["dependence"]:
        assert f"Contribution by value: {BY_NAME[each['feature']].en.split(':')[0]}" in page.text


def test_every_group_is_told(pages: Client, evaluation: Document) -> None:
    page = read(pages, "/review/models/cure")
    assert evaluation["fairness"].keys() == {"age", "education", "sex"}
    for part in evaluation["fairness"].values():
        for name, group in part["groups"].items():
            row = next(
                row
                for table in page.tables
                for row in table
                if row and row[0].startswith(group_name(name, "en")) and len(row) == 8
            )
            assert row[1] == f"{group['n']:,}"
            assert row[3] == f"{group['target_rate']:.1%}"
            assert row[5].startswith(f"{100 * group['calibration_gap']:+.1f}")
            assert ("too few" in row[0]) is not group["compared"]
    assert LABELS["fairness_measured_only"].en in page.text


def test_moves_are_told_newest_first_with_their_grounds(pages: Client) -> None:
    page = read(pages, "/review/models/cure")
    told = [row for row in page.table("When") if len(row) == 6]
    assert [row[2].partition(" ")[0] for row in told[:3]] == ["made", "rolled", "promoted"]
    forced = next(row for row in told if row[2].startswith("promoted"))
    assert forced[3] == f"forced {REASON}"
    assert "checks" in forced[4]
    assert page.row("AUC less the champion's")[1].startswith("lower end >=")


def test_every_feature_and_setting_is_told(pages: Client) -> None:
    page, bundle = read(pages, "/review/models/cure"), bundle_of(pages)
    names = {row[0] for row in page.table("Feature")}
    assert names == set(bundle.features)
    last = bundle.features[0]
    assert BY_NAME[last].en.split(":")[0] in page.row(last)[1]
    assert page.row("max_trees") == [str(bundle.training["settings"]["max_trees"])]


@pytest.mark.parametrize("path", ["/review/models", "/review/models/cure", "/review/policies"])
def test_the_chinese_page_has_no_english_label(pages: Client, path: str) -> None:
    text = read(pages, f"{path}?lang=zh").text
    english = {
        words.en
        for words in (MODELS_LABELS | POLICIES_LABELS).values()
        if words.en != words.zh and len(words.en.split()) > 3 and "{" not in words.en
    }
    assert english
    assert not {said for said in english if said in text}


def test_every_link_within_the_page_leads_to_a_section(pages: Client) -> None:
    html = pages.get("/review/models/cure").text
    sections = re.findall(r'<h2 id="(\w+)"', html)
    linked = re.findall(r'<a href="#(\w+)">', html)
    assert set(linked) <= {*sections, "main"}
    assert len(sections) == len(set(sections))


@pytest.mark.parametrize(
    ("name", "place"),
    [
        (EVALUATION, ("test", "auc_ci")),
        (EVALUATION, ("stability", "features")),
        (EXPLAINED, ("reliability", "overall")),
    ],
)
@pytest.mark.parametrize("path", ["/review/models", "/review/models/cure"])
def test_a_document_of_another_shape_takes_no_page_away(
    told: Told, tmp_path: Path, engine: sa.Engine, path: str, name: str, place: tuple[str, ...]
) -> None:
    pages = changed_client(told, tmp_path, engine, misshape(name, *place))
    assert bundle_of(pages).sha256 in read(pages, path).text
