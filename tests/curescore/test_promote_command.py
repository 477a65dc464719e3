"""`curescore promote` and `rollback` on a real registry: what moves the champion, what does not."""

import getpass
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from curescore import main
from models.score.bundle import write
from tests.challengers import Portfolio, portfolio, with_changed_definition
from training.tracking import BUNDLE, Tracker

# MLflow 3.17 on SQLAlchemy 2.1: theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")

REASON = "the audit asked for it"


class Ended(NamedTuple):
    """How the command ended; `told` is its JSON."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


class Store(NamedTuple):
    """A registry, and the portfolio that its models were trained on."""

    home: Path
    tracker: Tracker
    portfolio: Portfolio

    def record(self, name: str, content: str, sha256: str | None = None) -> int:
        """Register the bundle of that content; returns its version."""
        folder = self.home / "runs" / f"{name}-{len(list(self.home.glob('runs/*')))}"
        write(folder / BUNDLE, self.portfolio.contents[content])
        tags = {
            "data_folder": str(self.portfolio.folder),
            "data_sha256": sha256 or self.portfolio.sha256,
        }
        return self.tracker.record(name, folder, {}, {}, tags).version


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    home = tmp_path_factory.mktemp("home")
    tracker = Tracker(f"sqlite:///{home / 'mlflow.db'}", home / "mlartifacts")
    (home / "gate.toml").write_text("draws = 100\nfairness_draws = 100\n")
    return Store(home, tracker, portfolio(home / "data"))


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command as it is started, in this process: MLflow takes seconds to import."""
    monkeypatch.setenv("CURESCORE_HOME", str(store.home))
    monkeypatch.delenv("CURESCORE_TRACKING_URI", raising=False)

    def command(*arguments: str) -> Ended:
        quick = ("--gate", str(store.home / "gate.toml")) if arguments[0] == "promote" else ()
        monkeypatch.setattr(sys, "argv", ["curescore", *arguments, *quick])
        with pytest.raises(SystemExit) as ended:
            main.run()
        printed = capsys.readouterr()
        return Ended(int(ended.value.code or 0), printed.out, printed.err)

    return command


def test_a_worse_one_leaves_the_champion_until_it_is_forced(store: Store, run: Run) -> None:
    for content in ("good", "worse"):
        store.record("forced", content)
    refused = run("promote", "forced", "2", "--json")
    assert refused.code == 1
    assert refused.told["champion"] == 1
    assert refused.told["promoted"] is False
    failed = [check["check"] for check in refused.told["checks"] if not check["passed"]]
    assert "AUC above champion" in failed
    assert [move["action"] for move in refused.told["moves"]] == ["first"]

    without = run("promote", "forced", "2", "--force")
    assert without.code == 2
    assert "--reason" in without.err
    assert store.tracker.champion("forced") == 1

    forced = run("promote", "forced", "2", "--force", "--reason", REASON, "--json")
    assert forced.code == 0
    assert (forced.told["champion"], forced.told["former"]) == (2, 1)
    move = forced.told["moves"][-1]
    assert (move["who"], move["reason"], move["forced"]) == (getpass.getuser(), REASON, True)
    assert (move["from"], move["to"]) == (1, 2)
    assert [check["check"] for check in move["checks"] if not check["passed"]] == failed

    back = run("rollback", "forced", "--json")
    assert back.code == 0
    assert (back.told["champion"], back.told["former"]) == (1, 2)
    assert [move["action"] for move in back.told["moves"]] == ["first", "promote", "rollback"]
    nothing = run("rollback", "forced")
    assert nothing.code == 2
    assert "none to go back to" in nothing.err


def test_an_equal_one_passes_and_each_check_is_printed(store: Store, run: Run) -> None:
    for _ in range(2):
        store.record("equal", "good")
    passed = run("promote", "equal", "2", "--force", "--reason", "not needed")
    assert passed.code == 0, passed.out
    for name in ("golden rows", "outcome", "leaks", "ECE", "PSI of the score", "fairness"):
        assert f"│ {name} " in passed.out
    assert " NO " not in passed.out
    assert "champion of equal: version 2 (version 1 before)" in passed.out
    assert store.tracker.promotions("equal")[-1]["forced"] is False
    again = run("promote", "equal", "2")
    assert again.code == 0
    assert "version 2 (as before)" in again.out
    assert len(store.tracker.promotions("equal")) == 2


@pytest.mark.parametrize(("content", "broken"), [("leaked", "leaks"), ("two_cycles", "outcome")])
def test_a_leak_or_another_outcome_is_refused(
    store: Store, run: Run, content: str, broken: str
) -> None:
    store.record(content, "good")
    store.record(content, content)
    refused = run("promote", content, "2", "--json")
    assert refused.code == 1
    assert broken in {c["check"] for c in refused.told["checks"] if not c["passed"]}
    assert store.tracker.champion(content) == 1


def test_a_changed_definition_is_refused_even_by_force(
    store: Store, run: Run, tmp_path: Path
) -> None:
    for _ in range(2):
        store.record("changed", "good")
    good = store.portfolio.contents["good"]
    changed = with_changed_definition(tmp_path / "changed", good)
    registered = store.tracker.bundle("models:/changed/2")
    shutil.rmtree(registered)
    shutil.copytree(changed, registered)
    refused = run("promote", "changed", "2", "--force", "--reason", REASON, "--json")
    assert refused.code == 1
    assert "is now computed otherwise" in refused.told["checks"][-1]["figure"]
    assert "no service could load it" in run("promote", "changed", "2").out
    assert store.tracker.champion("changed") == 1


def test_the_tables_must_be_those_of_the_training_or_be_named(store: Store, run: Run) -> None:
    for _ in range(2):
        store.record("elsewhere", "good", sha256="0" * 64)
    refused = run("promote", "elsewhere", "2")
    assert refused.code == 2
    assert "--data" in refused.err
    assert store.tracker.champion("elsewhere") == 1
    named = run("promote", "elsewhere", "2", "--data", str(store.portfolio.folder))
    assert named.code == 0, named.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("promote", "nobody", "1"), "there is no such version"),
        (("rollback", "nobody"), "there is no such model"),
        (("rollback", "nobody", "--reason", "x" * 501), "more than 500"),
    ],
)
def test_what_is_not_there_is_bad_input(run: Run, arguments: tuple[str, ...], said: str) -> None:
    ended = run(*arguments)
    assert ended.code == 2
    assert said in ended.err
