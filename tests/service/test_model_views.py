"""What pages of models show: dots, groups, readings, and labels."""

import json
import re
import subprocess
import sys

import pytest

from models.intensity.words.catalogue import Words
from service.review.labels.models import MODELS_LABELS
from service.review.labels.policies import POLICIES_LABELS
from service.review.model.dots import BANDS, Dot, banded, beside, dots
from service.review.model.fairness import fairness, group_name
from service.review.model.findings import findings
from service.review.model.measures import reading
from service.served.evidence import EVALUATION
from tests.service.evidences import Told
from tests.service.told_pages import (
    Document,
    document_of,
)

# Of MLflow's use of SQLAlchemy.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture(scope="module")
def evaluation(told: Told) -> Document:
    return document_of(told, "champion", EVALUATION)


def test_bands_hold_equal_values_together_and_unknown_ones_apart() -> None:
    found = banded([Dot(0.0, 0.1)] * 7 + [Dot(1.0, 0.2)] * 2 + [Dot(5.0, 0.3), Dot(None, -0.1)])
    values = [{dot.value for dot in band} for band in found]
    assert values == [{0.0}, set(), set(), {1.0}, {5.0}, {None}]
    assert banded([]) == [[] for _ in range(BANDS + 1)]


def test_dots_lie_beside_each_other_and_always_the_same() -> None:
    alike = [Dot(1.0, 0.5)] * 40 + [Dot(2.0, -0.5)]
    places = beside(alike)
    assert places == beside(alike)
    assert len(set(places[:40])) == 40
    assert max(map(abs, places)) <= 0.5
    assert places[-1] == 0.0
    assert beside([]) == []
    assert len(dots([[1.0, 0.1]] * 301, 150)) <= 150


def test_a_broken_bound_is_told_in_words(evaluation: Document) -> None:
    document = json.loads(json.dumps(evaluation))
    group = document["fairness"]["sex"]["groups"]["female"]
    group |= {"compared": True, "calibration_gap": 0.081, "calibration_gap_ci": [0.062, 0.1]}
    group |= {"auc_difference": -0.2, "auc_difference_ci": [-0.3, -0.12]}
    english, chinese = (fairness(document, language) for language in ("en", "zh"))
    assert english is not None
    assert chinese is not None
    assert english["breaches"] == [
        "Sex, female: observed less predicted is +8.1 [+6.2, +10.0] points, bound 5%.",
        "Sex, female: AUC less that of all rows is -0.200 [-0.300, -0.120], bound 0.10.",
    ]
    assert "女" in chinese["breaches"][0]
    female = next(
        row for part in english["attributes"] for row in part["rows"] if row["name"] == "female"
    )
    assert female["broken"]
    marks = [each.mark for each in findings(document, "en") if each.section == "fairness"]
    assert marks == ["look"]


def test_groups_are_named_in_both_languages() -> None:
    names = ("under_30", "30_to_39", "62_or_over", "under 1200", "1200 to under 3400", "unknown")
    assert [group_name(name, "en") for name in names] == [
        *("under 30", "30 to 39", "62 and over"),
        *("under 1200", "1200 to under 3400", "not known"),
    ]
    assert group_name("62_or_over", "zh") == "62 及以上"
    assert group_name("of our own", "zh") == "of our own"


@pytest.mark.parametrize(
    ("ends", "told"),
    [([0.001, 0.1], "better"), ([-0.1, -0.001], "worse"), ([-0.1, 0.1], "same"), ([0, 1], "same")],
)
def test_a_difference_is_read_by_its_whole_interval(ends: list[float], told: str) -> None:
    assert reading(ends) == told


@pytest.mark.parametrize("labels", [MODELS_LABELS, POLICIES_LABELS])
def test_labels_say_the_same_in_both_languages(labels: dict[str, Words]) -> None:
    for name, words in labels.items():
        assert words.en, name
        assert words.zh, name
        assert set(re.findall(r"\{\w*\}", words.en)) == set(re.findall(r"\{\w*\}", words.zh)), name
        assert words.en == words.zh or re.search(r"[\u4e00-\u9fff]", words.zh), name


def test_pages_leave_mlflow_and_training_alone() -> None:
    code = (
        "import sys\n"
        "import service.review.pages.models, service.review.pages.policies\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(loaded & {'mlflow', 'training', 'shap'}))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
