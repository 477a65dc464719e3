"""What may be served of that which is named: each part by itself, and all together."""

import shutil
from pathlib import Path

import pytest

from models.intensity.policy import PACKAGED, load_policy, policy_content
from models.score.bundle import load
from models.score.contributions import TABLE_LIMIT
from service.served.candidates import Candidate, Parts, Verdict
from service.served.published import What
from service.served.verifying import verify
from tests.bundles import small_bundle


@pytest.fixture(scope="module")
def euro_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_bundle(tmp_path_factory.mktemp("bundles") / "euro", "EUR")


def bundle(name: str, folder: Path) -> Candidate:
    return Candidate(name, load(folder).sha256, folder)


def policy(folder: Path, *replaced: tuple[str, str]) -> Candidate:
    """The packaged policy in a folder of its own, with other text here and there."""
    text = f"{policy_content().decode()}\n# {folder.name}\n"
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    folder.mkdir()
    (folder / PACKAGED).write_text(text)
    return Candidate(f"policy/{folder.name}", f"policy-{load_policy(folder).sha256}", folder)


def verified(now: Parts, wanted: Parts) -> Verdict:
    return verify(now, wanted, TABLE_LIMIT)


def test_what_is_sound_and_goes_together_is_served(bundle_dir: Path, tmp_path: Path) -> None:
    wanted: dict[What, Candidate] = {
        "cure": bundle("cure/1", bundle_dir),
        "policy": policy(tmp_path / "one"),
        "challenger": policy(tmp_path / "two"),
    }
    assert verified({}, wanted) == Verdict(wanted, {})


def test_a_changed_byte_is_refused_and_the_bundle_of_now_goes_on(
    bundle_dir: Path, tmp_path: Path
) -> None:
    now: dict[What, Candidate] = {"cure": bundle("cure/1", bundle_dir)}
    copy = Path(shutil.copytree(bundle_dir, tmp_path / "copy"))
    bad = bundle("cure/2", copy)
    (copy / "booster.txt").write_bytes((copy / "booster.txt").read_bytes() + b"\n")
    other = policy(tmp_path / "other")
    verdict = verified(now, {"cure": bad, "policy": other})
    assert verdict.parts == {**now, "policy": other}
    (kind, why) = verdict.refused["cure"]
    assert kind == "unsound"
    assert "booster.txt was changed" in why
    assert verified({}, {"cure": bad}).parts == {}


def test_another_bundle_than_its_version_says_is_refused(bundle_dir: Path) -> None:
    verdict = verified({}, {"cure": Candidate("cure/1", "0" * 64, bundle_dir)})
    assert verdict.parts == {}
    assert verdict.refused["cure"][1].startswith("cure/1 is not what was registered")
    verdict = verified({}, {"early_warning": bundle("early_warning/1", bundle_dir)})
    assert verdict.refused["early_warning"][0] == "unsound"


def test_a_bundle_in_a_currency_without_a_rate_is_refused(
    bundle_dir: Path, euro_dir: Path, tmp_path: Path
) -> None:
    dollars = policy(tmp_path / "dollars", ("EUR = 0.9\n", ""))
    now: dict[What, Candidate] = {"cure": bundle("cure/1", bundle_dir), "policy": dollars}
    verdict = verified(now, {**now, "cure": bundle("cure/2", euro_dir)})
    assert verdict.parts == now
    assert verdict.refused["cure"][0] == "unfit"
    assert "has no rate in the policy" in verdict.refused["cure"][1]


def test_bundle_and_policy_that_only_go_together_are_served_together(
    bundle_dir: Path, euro_dir: Path, tmp_path: Path
) -> None:
    dollars = policy(tmp_path / "dollars", ("EUR = 0.9\n", ""))
    euros = policy(tmp_path / "euros", ("USD = 1.0\n", ""))
    now: dict[What, Candidate] = {"cure": bundle("cure/1", bundle_dir), "policy": dollars}
    wanted: dict[What, Candidate] = {"cure": bundle("cure/2", euro_dir), "policy": euros}
    assert verified(now, wanted) == Verdict(wanted, {})
    verdict = verified(now, {"cure": now["cure"], "policy": euros})
    assert verdict.parts == now
    assert verdict.refused["policy"][0] == "unfit"


def test_a_challenger_that_does_not_fit_is_refused_and_the_one_of_now_goes_on(
    bundle_dir: Path, tmp_path: Path
) -> None:
    now: dict[What, Candidate] = {
        "cure": bundle("cure/1", bundle_dir),
        "challenger": policy(tmp_path / "one"),
    }
    unfit = policy(tmp_path / "two", ("valid_days = ", "valid_days = 1"))
    verdict = verified(now, {**now, "challenger": unfit})
    assert verdict.parts == now
    assert verdict.refused["challenger"][0] == "unfit"
    assert "valid_days of the challenger" in verdict.refused["challenger"][1]
    # With a policy of its kind it fits, and the challenger of now does not.
    ours = policy(tmp_path / "three", ("valid_days = ", "valid_days = 1"))
    wanted = {**now, "policy": ours, "challenger": unfit}
    assert verified(now, wanted) == Verdict(wanted, {})
