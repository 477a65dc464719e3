"""The whole comparison on a simulated portfolio, and what it refuses and warns of."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.errors import InputError
from models.intensity.policy import Policy, load_policy, parse_policy
from models.score.bundle import Bundle, load
from tests.bundles import small_bundle
from tests.estimates import ByDays, with_estimate
from tests.policies import PACKAGED
from tests.training.offpolicy.conftest import Simulated
from training.lineage import data_sha256
from training.offpolicy.candidates import Source, made_from
from training.offpolicy.comparison import Comparison, compare
from training.population import Window
from training.tables import Tables
from training.value_page import page

ALWAYS = ["done", "nothing", "call_everyone", "thresholds", "assumed", "estimated"]
EVERY = Window()


class Trained(ByDays):
    """An estimate that tells what it was made from."""

    def __init__(self, data: str, start: str, until: str) -> None:
        super().__init__(0.4)
        self.training = {"data_sha256": data, "from": start, "until": until}


@pytest.fixture(scope="module")
def bundle(bundle_dir: Path) -> Bundle:
    return load(bundle_dir)


@pytest.fixture(scope="module")
def named(simulated: Simulated) -> dict[str, Policy]:
    """The packaged policy; one with other costs; two with an estimate."""
    days, policy = simulated.rows.day, load_policy()
    first, last = (_date(day) for day in (days.min(), days.max()))
    dear = PACKAGED.replace(b"unit_cost = 1.40", b"unit_cost = 140.00")
    same = Trained(data_sha256(simulated.tables), first, last)
    return {
        "plain": policy,
        "dear": parse_policy(dear, "dear.toml"),
        "same": with_estimate(policy, same),
        "earlier": with_estimate(policy, Trained("other", "2020-01-01", "2021-01-01")),
    }


@pytest.fixture(scope="module")
def compared(simulated: Simulated, bundle: Bundle, named: dict[str, Policy]) -> Comparison:
    return compare(simulated.tables, bundle, load_policy(), named, EVERY, seed=1)


def _date(day: float) -> str:
    return (date(1970, 1, 1) + timedelta(days=int(day))).isoformat()


def warned(comparison: Comparison, name: str) -> list[str]:
    return [each for each in comparison.document["warnings"] if each.startswith(f"{name}: ")]


def test_every_policy_has_its_figures(compared: Comparison, simulated: Simulated) -> None:
    document = compared.document
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert list(document["policies"]) == [*ALWAYS, "plain", "dear", "same", "earlier"]
    rows = simulated.rows
    assert document["rows"]["used"] == len(rows)
    assert document["rows"]["accounts"] == len(np.unique(rows.account))
    assert document["rows"]["left_out"] == {**rows.left_out._asdict(), "outside_window": 0}
    assert (document["start"], document["end"]) == (_date(rows.day.min()), _date(rows.day.max()))
    assert [(cell["stage"], cell["level"]) for cell in document["cells"]] == [
        (stage, level)
        for stage in ("M1", "M2", "M3", "M4+")
        for level in ("remind", "call", "intensive", "escalate")
    ]
    for part in document["policies"].values():
        assert sum(part["levels"]) == pytest.approx(1)
        assert list(part["by_stage"]) == ["M1", "M2", "M3", "M4+"]


def test_the_same_policy_has_the_same_figures(compared: Comparison) -> None:
    parts = compared.document["policies"]
    assert parts["plain"]["net_dr"] == parts["assumed"]["net_dr"] == compared.figure("plain")
    assert parts["plain"]["minus"]["assumed"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert parts["plain"]["file"] == compared.document["policy"]
    assert parts["dear"]["levels"] != parts["plain"]["levels"]


def test_an_estimate_of_these_assignments_is_made_anew_for_each_account(
    compared: Comparison,
) -> None:
    parts = compared.document["policies"]
    assert parts["same"]["refitted"]
    assert parts["same"]["net_dr"] == parts["estimated"]["net_dr"]
    assert not parts["earlier"]["refitted"]
    assert parts["earlier"]["levels"] != parts["estimated"]["levels"]
    assert parts["earlier"]["file"]["estimate_sha256"] == ByDays.sha256


@pytest.mark.parametrize(
    ("data", "start", "until", "expected"),
    [
        ("a", "2024-01-31", "2024-03-31", "same"),
        ("b", "2024-01-31", "2024-03-31", "overlapping"),
        ("a", "2024-06-30", "2024-07-31", "overlapping"),
        ("a", "2023-01-31", "2024-01-30", "others"),
        ("a", "2024-08-31", "2024-09-30", "others"),
    ],
)
def test_what_an_estimate_was_made_from(data: str, start: str, until: str, expected: str) -> None:
    source = Source("a" if expected != "overlapping" else "c", "2024-01-31", "2024-06-30")
    assert made_from(Trained(data, start, until), source) == expected  # type: ignore[arg-type]


def test_propensities_that_were_not_the_chances_are_told(
    simulated: Simulated, bundle: Bundle
) -> None:
    frame = simulated.tables.assignments
    assert frame is not None
    swapped = {"propensity_0": frame["propensity_3"], "propensity_3": frame["propensity_0"]}
    tables = replace(simulated.tables, assignments=frame.assign(**swapped))
    found = compare(tables, bundle, load_policy(), {}, EVERY, seed=1).document
    assert "The propensities in the table are wrong" in found["warnings"][0]


def test_what_makes_figures_doubtful_is_told(
    compared: Comparison, simulated: Simulated, bundle: Bundle
) -> None:
    assert warned(compared, "plain") == []
    assert "not those of policy default" in warned(compared, "dear")[0]
    assert warned(compared, "earlier") == []
    assert any("today" in note for note in compared.document["notes"])
    trained = replace(bundle, training={"until": "2023-06-30"})
    doubtful = compare(_certain(simulated), trained, load_policy(), {}, EVERY, seed=1).document
    text = "\n".join(doubtful["warnings"])
    assert "trained on statements until 2023-06-30" in text
    assert "could not have been assigned" in text
    assert "Levels were not drawn at random (every level was certain" in text
    assert doubtful["doubt"]["why"] == "not_randomised"
    assert compared.document["doubt"] is None
    assert doubtful["policies"]["nothing"]["unsupported_share"] > 0.5


def _certain(simulated: Simulated) -> Tables:
    """As if every level had been certain."""
    frame = simulated.tables.assignments
    assert frame is not None
    certain = {f"propensity_{k}": (frame["level"] == k).astype(float) for k in range(5)}
    return replace(simulated.tables, assignments=frame.assign(**certain))


def test_only_assignments_of_the_window_count(simulated: Simulated, bundle: Bundle) -> None:
    days = np.sort(np.unique(simulated.rows.day))
    start, end = (date.fromisoformat(_date(days[k])) for k in (40, 120))
    found = compare(simulated.tables, bundle, load_policy(), {}, Window(start, end), 1).document
    inside = (simulated.rows.day >= days[40]) & (simulated.rows.day <= days[120])
    assert found["rows"]["used"] == inside.sum()
    assert found["rows"]["left_out"]["outside_window"] == (~inside).sum()
    assert (found["start"], found["end"]) == (start.isoformat(), end.isoformat())


def test_what_cannot_be_compared_is_refused(
    simulated: Simulated, bundle: Bundle, tmp_path: Path
) -> None:
    tables, policy = simulated.tables, load_policy()
    with pytest.raises(InputError, match="always compared"):
        compare(tables, bundle, policy, {"done": policy}, EVERY, 1)
    with pytest.raises(InputError, match="--from"):
        compare(tables, bundle, policy, {}, Window(date(2050, 1, 1)), 1)
    with pytest.raises(InputError, match="there are none"):
        compare(replace(tables, assignments=None), bundle, policy, {}, EVERY, 1)
    foreign = parse_policy(PACKAGED.replace(b"\nUSD = 1.0", b""), "foreign.toml")
    with pytest.raises(InputError, match="no rate in the policy"):
        compare(tables, bundle, policy, {"foreign": foreign}, EVERY, 1)
    early = load(small_bundle(tmp_path / "early", target="early_warning"))
    with pytest.raises(InputError, match="only late accounts have assignments"):
        compare(tables, early, policy, {}, EVERY, 1)
    euros = load(small_bundle(tmp_path / "euros", currency="EUR"))
    with pytest.raises(InputError, match="trained on amounts in EUR"):
        compare(tables, euros, policy, {}, EVERY, 1)


def test_the_page_tells_all_of_it(compared: Comparison) -> None:
    shown = page(compared.document)
    for part in compared.document["policies"].values():
        assert part["label"] in shown
        assert part["told"].replace("'", "&#39;") in shown
    for warning in compared.document["warnings"]:
        assert warning in shown
    for name in ("value", "done", "levels", "contacts", "stages"):
        assert f'id="{name}-title"' in shown
    cells = compared.document["cells"]
    assert shown.count(">assumed: ") == sum(not cell["estimated"] for cell in cells)
    assert ('id="effects-title"' in shown) == any(cell["estimated"] for cell in cells)


def test_the_page_escapes_names_and_survives_what_is_not_defined(compared: Comparison) -> None:
    document = json.loads(json.dumps(compared.document))
    nothing = {"value": None, "low": None, "high": None}
    part = document["policies"]["plain"]
    part["label"] = "<script>alert(1)</script>"
    for name in ("net_snips", "contacts_per_cure_snips", "cure_rate_snips"):
        part[name] = nothing
    part["by_stage"]["M1"]["net_dr"] = nothing
    document["cells"] = [
        {**cell, "estimated": False, "why": "never_tried", "effect": None, "low": None}
        for cell in document["cells"]
    ]
    shown = page(document)
    assert "<script>" not in shown
    assert "No effect could be estimated" in shown
    assert "this level was never tried in M1" in shown
