"""The model card: rendered of real measures of a small bundle, and read as a browser would."""

import copy
import re
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.catalogue import NAMES
from features.matrix import matrix
from features.panel import known_at, panel
from models.score.bundle import Bundle, load
from models.score.calibration import last_stages
from models.score.scores import Scores, score_matrix
from models.target import Target
from tests.bundles import OFFSETS, small_bundle
from tests.histories import random_tables
from training.card.card import SAVED, rendered, write_card
from training.card.digits import interval, number, percent
from training.card.figures import figures
from training.card.findings import findings
from training.card.glossary import TERMS
from training.card.plots import score_plot
from training.config import TrainingConfig
from training.evaluate import Judged, by_seen, measures
from training.fairness.measures import fairness
from training.gains import gains
from training.guards.document import guards_document
from training.guards.plausible import Histories
from training.guards.powers import powers
from training.labels import Left
from training.reference import stability
from training.search import Search, Tried

ACCOUNTS, DRAWS = 400, 20
GROUP = "<script>alert(1)</script>"
BASELINES = ("days_past_due", "roll_rate", "scorecard", "logistic", "untuned")
SECTIONS = [
    *("summary", "purpose", "data", "target", "performance", "calibration", "lift", "stability"),
    *("explanations", "standing", "fairness", "guards", "search", "champion", "signoff"),
    "glossary",
]


class Page(HTMLParser):
    """What a reader finds: text, ids, addresses, pictures and defined words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.untold: list[str] = []
        self.styles: list[str] = []
        self.scrolled: list[dict[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()
        self.text = re.sub(r"\s+", " ", self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in ("a", "span", "strong"):
            self.text += " "
        self.tags.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        self.addresses += [str(v) for k, v in attrs if k in ("href", "src", "xlink:href")]
        self.styles += [str(v) for k, v in attrs if k in ("style", "clip-path", "fill")]
        if tag == "svg" and not (given.get("role") == "img" and given.get("aria-labelledby")):
            self.untold.append(tag)
        if tag == "img" and not given.get("alt"):
            self.untold.append(tag)
        if "scroll" in str(given.get("class")):
            self.scrolled.append(given)

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["style"]:
            self.styles.append(data)
        else:
            self.text += data


@dataclass(frozen=True)
class Run:
    """All that a card is written of."""

    document: dict[str, Any]
    judged: Judged
    scores: Scores
    bundle: Bundle

    def page(self, **changed: Any) -> Page:
        """The card without figures, some keys of the document changed."""
        document = {**self.document, **changed}
        return Page(rendered(document, self.judged, self.scores, self.bundle, {}))


def run_of(folder: Path, target: Target = "cure") -> Run:
    """A document of real measures: the rows' outcomes are drawn from the bundle's scores."""
    bundle = load(small_bundle(folder, target=target, offsets=OFFSETS))
    history = panel(*random_tables(5, accounts=ACCOUNTS))
    rng = np.random.default_rng(2)
    as_of = rng.uniform(19_100, 19_300, ACCOUNTS) * 86_400
    features = matrix(history, known_at(history, np.arange(ACCOUNTS), as_of))[:, bundle.columns]
    late = np.nan_to_num(features[:, NAMES.index("dpd_last")])
    features = features[(late > 0) == (target == "cure")]
    n = len(features)
    scores = score_matrix(bundle, features)
    judged = Judged(
        label=(rng.random(n) < scores.probability).astype(np.int64),
        log_odds=scores.log_odds,
        account=np.arange(n) // 2,
        stage=last_stages(features, bundle.features),
        others={name: scores.log_odds + rng.normal(0, 1, n) for name in BASELINES},
    )
    return Run(_document(bundle, judged, features, scores), judged, scores, bundle)


def _document(bundle: Bundle, judged: Judged, features: Any, scores: Scores) -> dict[str, Any]:
    n = len(judged.label)
    ids = np.array([f"account-{k:05d}" for k in range(n)])
    segments = pd.DataFrame(
        {
            "account_id": ids,
            "segment": "sex",
            "value": np.where(np.arange(n) % 2, GROUP, "other"),
        }
    )
    left = Left(immature=11, missing=12, censored=13, not_drawn=14, total=n + 50)
    alone = powers(features, judged.label, bundle.features)
    guards = guards_document(left, Histories(90, 1, 80, 2), (), alone, 0.999)
    return {
        "target": bundle.target,
        "horizon_cycles": 1,
        "sustained": False,
        "bundle_sha256": bundle.sha256,
        "currency": bundle.currency,
        "code": "0.1.0+gabc",
        "train": {
            "from": "2024-01-01",
            "until": "2024-06-01",
            "test_from": "2024-08-01",
            "n": 12_345,
            "accounts": 2_345,
            "target_rate": 0.4321,
            "label_unknown_at_test": 10,
            "without_label": {key: v for key, v in vars(left).items() if key != "total"},
            "trees": 40,
            "fold_log_loss": 0.5678,
            "data_sha256": "d" * 64,
            "version": "0.1.0",
            "tzdata": "2025.2",
            "settings": TrainingConfig().model_dump(),
        },
        "test": {
            "from": "2024-08-01",
            "until": "2024-09-01",
            **measures(judged, DRAWS, 1),
            **by_seen(judged, np.arange(n) % 4 < 2, DRAWS, 1),
        },
        "search": _search(),
        "guards": guards,
        "standing": {**bundle.standing.model_dump(), "valid": bundle.standing_valid},
        "fairness": fairness(judged, judged.stage, segments, ids, DRAWS, 1),
        "stability": stability(
            bundle.reference,
            features,
            scores.log_odds,
            scores.contributions,
            bundle.features,
            12_345,
        ),
        "champion": None,
    }


def _search() -> dict[str, Any]:
    settings = {"max_depth": 6, "learning_rate": 0.0625, "monotone": False}
    best = Tried(settings, 300, np.array([0.51, 0.53]), np.array([0.78, 0.80]), 9_000)
    cheap = Tried(
        {**settings, "max_depth": 3}, 100, np.array([0.52, 0.53]), np.array([0.775, 0.799]), 2_000
    )
    document = Search(best, cheap, trials=8, eligible=3, rows=20_000).document()
    document["best"]["microseconds"], document["chosen"]["microseconds"] = 41.0, 13.0
    return document


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def written(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("card")
    write_card(root, run.document, run.judged, run.scores, run.bundle)
    return root


@pytest.fixture(scope="module")
def page(written: Path) -> Page:
    return Page((written / "model_card.html").read_text("utf-8"))


def test_the_card_needs_nothing_from_outside(page: Page) -> None:
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    local = ("#", "data:image/png;base64,")
    assert [address for address in page.addresses if not address.startswith(local)] == []
    assert not any(re.search(r"url\((?!#)|@import", style) for style in page.styles)


def test_every_address_inside_the_card_leads_somewhere(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    used = [address[1:] for address in page.addresses if address.startswith("#")]
    used += re.findall(r"url\(#([^)]+)\)", " ".join(page.styles))
    assert set(used) <= set(page.ids)
    assert {f"term-{key}" for key in TERMS} <= set(page.ids)


def test_every_section_and_a_glossary_of_no_idle_words(page: Page) -> None:
    assert [key for key in page.ids if key in SECTIONS] == SECTIONS
    linked = {address[6:] for address in page.addresses if address.startswith("#term-")}
    # Of the others one is for early_warning, one for a sustained target, one for a champion.
    assert set(TERMS) - linked == {"stays_current", "sustained", "champion"}


def test_every_figure_tells_what_it_shows(page: Page, written: Path) -> None:
    assert page.untold == []
    # reliability twice, ROC, differences, gain, lift, score, drift, summary, six features, sex
    assert page.tags.count("svg") == 16
    for name in SAVED:
        assert (written / "plots" / f"{name}.png").stat().st_size > 5_000
    assert (written / "model_card.html").stat().st_size < 3_000_000


def test_tables_scroll_by_keyboard_and_no_group_is_markup(page: Page) -> None:
    assert all(given["tabindex"] == "0" and given["aria-label"] for given in page.scrolled)
    assert GROUP in page.text


def test_no_account_is_named(page: Page) -> None:
    assert "account-0" not in page.text


def test_the_numbers_are_those_of_the_document(run: Run, page: Page) -> None:
    test, train = run.document["test"], run.document["train"]
    shown = [
        interval(test["auc"], test["auc_ci"]),
        number(test["ks"]),
        number(test["brier"], 4),
        number(test["log_loss"], 4),
        percent(test["target_rate"]),
        percent(test["mean_predicted"]),
        number(test["ece"]),
        f"{number(test['ece_band']['mean'])}, {number(test['ece_band']['p95'])}",
        interval(test["calibration_slope"], test["calibration_slope_ci"], 2),
        interval(test["unseen"]["auc"], test["unseen"]["auc_ci"]),
        number(run.document["stability"]["score_psi"]),
        number(run.document["guards"]["strongest_features"][0]["auc"]),
        *(interval(b["difference"], b["difference_ci"], sign="+") for b in _baselines(test)),
        *(interval(part["auc"], part["auc_ci"]) for part in test["by_stage"].values()),
        *(number(offset, 3, "+") for offset in OFFSETS),
        "12,345",
        "2,345",
        train["data_sha256"],
        run.bundle.sha256,
        *(percent(tenth["target_rate"]) for tenth in gains(run.judged.label, run.judged.log_odds)),
        "saved 28 microseconds (41 to 13) and 7,000 steps",
    ]
    assert [each for each in shown if each not in page.text] == []
    # As text, not as the document's own digits: those are pinned here.
    assert interval(0.7791, (0.76, 0.79449)) == "0.779 [0.760, 0.794]"
    assert interval(-0.0004, (-0.012, 0.01), sign="+") == "0.000 [−0.012, +0.010]"
    assert number(None, why="no rows") == "not defined (no rows)"


def _baselines(test: dict[str, Any]) -> list[dict[str, Any]]:
    return list(test["baselines"].values())


def test_the_summary_says_what_the_figures_say(run: Run) -> None:
    document = copy.deepcopy(run.document)
    test = document["test"]
    for name, ends, verb, mark in (
        ("roll_rate", (-0.03, -0.01), "Is worse than the roll-rate table", "look"),
        ("untuned", (-0.03, 0.01), "Cannot be told apart from the untuned booster", "note"),
        ("logistic", (-0.03, 0.01), "Cannot be told apart from logistic regression", "look"),
        ("scorecard", (0.01, 0.03), "Beats the scorecard", "pass"),
    ):
        test["baselines"][name]["difference_ci"] = ends
        assert (verb, mark) in _said(document)
    for ece, mark in ((test["ece_band"]["p95"] + 0.01, "look"), (0.0, "pass")):
        test["ece"], test["ece_within_band"] = ece, mark == "pass"
        where = "within" if mark == "pass" else "above"
        assert (f"Calibration is {where} the band of a perfectly calibrated model", mark) in _said(
            document
        )
    test["by_stage"]["M2"]["deviation_sd"] = -3.2
    assert any("M2 (−3.2)" in each.text for each in findings(document))
    document["guards"] = {
        **document["guards"],
        "passed": False,
        "implausible_features": ["dpd_last"],
    }
    assert ("Suspected leaks", "look") in _said(document)


@pytest.mark.parametrize(
    ("psi", "limit", "mark", "read"),
    [
        (0.09, 0.01, "pass", "stable"),
        (0.10, 0.01, "look", "to be looked at"),
        (0.20, 0.21, "pass", "not beyond chance"),
        (0.30, 0.31, "pass", "not beyond chance"),
        (0.30, 0.29, "look", "shifted"),
    ],
)
def test_drift_counts_beyond_the_bound_and_beyond_chance(
    run: Run, psi: float, limit: float, mark: str, read: str
) -> None:
    document = copy.deepcopy(run.document)
    document["stability"]["score_psi"] = psi
    document["stability"]["chance_limit"]["score"] = limit
    said = "The score moved" if mark == "look" else "The score did not move"
    assert (f"{said} between training and test months", mark) in _said(document)
    assert any(each.text.endswith(f"PSI {psi:.3f}, {read}.") for each in findings(document))
    assert re.search(rf"{psi:.3f} \S+ {limit:.3f} {read}", run.page(**document).text)


def test_a_feature_without_values_is_not_called_stable(run: Run) -> None:
    name = run.bundle.features[0]
    features = run.bundle.reference["features"]
    nothing = {**features, name: {"edges": [], "shares": [1.0], "missing": 1.0}}
    bundle = replace(run.bundle, reference={**run.bundle.reference, "features": nothing})
    stability = copy.deepcopy(run.document["stability"])
    stability["features"][name] = 0.0
    page = replace(run, bundle=bundle).page(stability=stability)
    assert f"{name} no values" in page.text


def test_what_the_head_says(run: Run) -> None:
    rows = {**run.document["test"], "until": run.document["test"]["from"]}
    text = run.page(test=rows).text
    assert "Model card: a cure within 1 cycle Not signed off" in text
    assert "Which version is champion is told by the registry." in text
    assert "days past due are 0 at the next statement" in text
    assert "2024-08-01 to" not in text
    assert "2024-01-01 to 2024-06-01" in text
    withheld = run.page(guards={**run.document["guards"], "passed": False}).text
    assert "Withheld: the guards flagged a feature" in withheld


def test_the_best_that_was_chosen_is_one_column(run: Run) -> None:
    search = {**run.document["search"], "eligible": 1, "chosen": run.document["search"]["best"]}
    text = run.page(search=search).text
    told = "the best was chosen: no other lies within one standard error of it"
    assert text.lower().count(told) == 2  # in the summary and in the section
    assert "max_depth 6 learning_rate 0.0625" in text
    assert "max_depth 6 3 learning_rate" in run.page().text


@pytest.mark.parametrize(
    ("share", "tick"), [(0.05, "5%"), (0.125, "12.5%"), (-0.1, "−10%"), (0.3 - 0.1, "20%")]
)
def test_a_tick_tells_its_own_value(share: float, tick: str) -> None:
    axes = score_plot([0.0], [share, 0.3], [0.4, 0.6]).axes[0]
    assert axes.yaxis.get_major_formatter()(share) == tick


def _said(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.text.split(":")[0].removesuffix("."), each.mark) for each in findings(document)]


def test_a_group_beyond_its_bound_is_named(run: Run) -> None:
    document = copy.deepcopy(run.document)
    group = document["fairness"]["sex"]["groups"][GROUP]
    group["calibration_gap"], group["calibration_gap_ci"] = 0.12, (0.08, 0.16)
    assert ("Groups beyond their bound", "look") in _said(document)
    page = run.page(fairness=document["fairness"])
    assert f"{GROUP} (beyond its bound)" in page.text
    assert "script" not in page.tags


def test_without_segments_search_or_champion(run: Run) -> None:
    page = run.page(fairness={}, search=None, champion=None)
    assert "Not measured: the data hold no personal attributes" in page.text
    assert "No search" in page.text
    assert "No champion yet" in page.text


def test_what_changed_against_the_champion(run: Run) -> None:
    champion = {
        "version": 7,
        "why_not_compared": None,
        "bundle_sha256": "c" * 64,
        "features_added": ["dpd_trend_6"],
        "features_left_out": [],
        "changed": {"trees": [80, 40], "booster.max_depth": [5, 4], "search": [None, True]},
    }
    test = copy.deepcopy(run.document["test"])
    for part in (test, test["unseen"]):
        part["baselines"]["champion"] = {**part["baselines"]["untuned"], "difference": 0.0123}
        part["baselines"]["champion"]["difference_ci"] = (0.001, 0.02)
    page = run.page(champion=champion, test=test)
    assert "version 7" in page.text
    assert "Beats the champion (version 7): AUC +0.012 [+0.001, +0.020]" in page.text
    assert "booster.max_depth 5 4" in page.text
    assert "search none yes" in page.text
    assert "Features added: dpd_trend_6. Features left out: none." in page.text


def test_a_champion_that_is_not_compared_and_why(run: Run) -> None:
    champion = {"version": 3, "why_not_compared": "it predicts cure within 2 cycles"}
    page = run.page(champion=champion)
    told = "Not compared with the champion, version 3: it predicts cure within 2 cycles."
    assert told in page.text


def test_one_outcome_in_the_test_rows(run: Run) -> None:
    ones = np.ones_like(run.judged.label)
    judged = replace(run.judged, label=ones)
    seen = np.arange(len(ones)) % 4 < 2
    test = {
        **run.document["test"],
        **measures(judged, DRAWS, 1),
        **by_seen(judged, seen, DRAWS, 1),
    }
    document = {**run.document, "test": test, "fairness": {}}
    page = Page(rendered(document, judged, run.scores, run.bundle, {}))
    assert "AUC not defined (one outcome only)" in page.text
    assert "hold one outcome only" in page.text
    drawn = figures(document, judged, run.scores, run.bundle)
    assert {"reliability", "gain", "shap_summary"} <= set(drawn)
    assert not {"roc", "differences"} & set(drawn)


def test_early_warning_is_told_in_its_own_words(tmp_path: Path) -> None:
    run = run_of(tmp_path, "early_warning")
    page = run.page()
    assert "an account that is not late stays current at the next statement" in page.text
    assert "Model card: staying current within 1 cycle" in page.text
    assert "it was late then, or charged off" in page.text
    assert "share that stayed current" in page.text
    assert not re.search(r"\bcured\b", page.text)
    assert "M1" not in _table_of_stages(page.text)


def _table_of_stages(text: str) -> str:
    return text[text.index("By stage") : text.index("Calibration tells")]
