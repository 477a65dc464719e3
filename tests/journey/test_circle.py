"""The circle: a model decides, what follows is told, and the next model learns from all of that."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from tests.policies import PACKAGED
from tests.replayed import decided, followed, sent_at, tell
from tests.servers import curescore, curescore_json, serving
from tests.waits import until
from training.tables import Tables, read_tables

PORTFOLIO = ("--accounts", "3000", "--months", "14", "--seed", "11")  # January and after
LEARNT = "2023-04-30"  # the last statements that the first model learns from
SERVED = "2023-05-01"  # from when on every late account is decided: others are no fair sample
MONTH_ENDS = tuple(
    datetime(2023, month, day, 12, tzinfo=UTC)
    for month, day in zip(range(5, 13), (31, 30, 31, 31, 30, 31, 30, 31), strict=True)
)
SMALL = "bootstrap_draws = 200\nmax_trees = 150\ncuts = 1\ngroups = 3\n"
GATE = "auc_difference = -0.05\nstage_deviation = 4.0\n"  # some 350 rows cannot show less
EXPLORING = b"""
[exploration]
experiment = "circle"
key = "never to be told 0123456789"
share = 0.5
"""


@dataclass
class Circle:
    """What was said on the way round, and a decision before and after the second model came."""

    tables: Tables
    seen: Path
    first: dict[str, Any]
    answers: list[dict[str, Any]]
    exported: dict[str, Any]
    estimated: dict[str, Any]
    second: dict[str, Any]
    promoted: dict[str, Any]
    before: dict[str, Any]
    after: dict[str, Any]


@pytest.fixture(scope="module")
def circle(tmp_path_factory: pytest.TempPathFactory) -> Circle:
    home = tmp_path_factory.mktemp("circle")
    for name, content in (("small", SMALL), ("gate", GATE)):
        (home / f"{name}.toml").write_text(content)
    (home / "policy.toml").write_bytes(PACKAGED + EXPLORING)
    environment = {
        "CURESCORE_HOME": str(home / "var"),
        "CURESCORE_POLICY": str(home / "policy.toml"),
        "CURESCORE_RELOAD_SECONDS": "0.5",
    }
    drawn, seen = home / "drawn", home / "seen"
    learning = ("train", "--config", str(home / "small.toml"), "--trials", "1", "--data")
    curescore(environment, "simulate", *PORTFOLIO, "--out", str(drawn))
    first = curescore_json(environment, *learning, str(drawn), "--until", LEARNT)
    curescore(environment, "db", "upgrade")
    key = curescore_json(environment, "keys", "add", "circle", "--scope", "admin")["key"]
    tables = read_tables(drawn)
    with (
        serving(environment, home / "output.txt") as server,
        httpx.Client(
            base_url=server.address, headers={"Authorization": f"Bearer {key}"}, timeout=60
        ) as client,
    ):
        answers = [each for as_of in MONTH_ENDS for each in decided(client, sent_at(tables, as_of))]
        last = {each["account_id"]: datetime.fromisoformat(each["as_of"]) for each in answers}
        tell(client, followed(tables, last))
        exported = curescore_json(environment, "export", "--out", str(seen))
        data = ("--data", str(seen))
        estimating = ("policy", "estimate", *data, "--out", str(home / "estimate"))
        estimated = curescore_json(environment, *estimating)
        second = curescore_json(environment, *learning, str(seen), "--from", SERVED)
        asked = sent_at(tables, MONTH_ENDS[-1])[:1]
        (before,) = decided(client, asked)
        gate = ("--gate", str(home / "gate.toml"))
        promoted = curescore_json(environment, "promote", "cure", "2", *data, *gate)
        until(lambda: second["bundle_sha256"] in client.get("/v1/models").text)
        (after,) = decided(client, asked)
    return Circle(
        tables, seen, first, answers, exported, estimated, second, promoted, before, after
    )


def test_what_is_exported_is_what_was_known_of_the_accounts_decided(circle: Circle) -> None:
    found, accounts = read_tables(circle.seen), {each["account_id"] for each in circle.answers}
    assert len(found.accounts) == len(accounts) < len(circle.tables.accounts)
    for name in ("statements", "payments", "contacts"):
        every = getattr(circle.tables, name)
        wanted = every[every["account_id"].isin(accounts)].reset_index(drop=True)
        pd.testing.assert_frame_equal(getattr(found, name), wanted)
    rows = circle.exported["rows"]
    assert rows["decisions"] == rows["assignments"] == len(circle.answers) > 1_000


def test_the_second_model_learns_from_decided_accounts_alone(circle: Circle) -> None:
    trained, test = circle.second["train"], circle.second["test"]
    assert trained["from"] >= SERVED > circle.first["test"]["until"]
    assert test["from"] > trained["until"]
    assert trained["n"] > circle.first["train"]["n"]
    # A snapshot for each statement that left an account late: as many as were decided at month
    # ends, but for those of the weeks after the last one.
    assert trained["n"] + test["n"] == pytest.approx(len(circle.answers), rel=0.1)
    low, high = test["auc_ci"]
    assert 0.7 < low < test["auc"] < high
    assert test["baselines"]["champion"]["difference_ci"][1] > 0


def test_effects_are_estimated_from_the_levels_that_were_drawn(circle: Circle) -> None:
    arms = {each["intensity"]["arm"] for each in circle.answers}
    assert arms == {"ordinary", "explore"}
    left_out = sum(circle.estimated["left_out"].values())
    assert circle.estimated["n"] + left_out == len(circle.answers)
    assert circle.estimated["n"] > 0.9 * len(circle.answers)


def test_the_service_goes_on_with_the_second_model(circle: Circle) -> None:
    assert circle.promoted["promoted"]
    assert all(check["passed"] for check in circle.promoted["checks"])
    bundles = [each["versions"]["bundle_sha256"] for each in (circle.before, circle.after)]
    assert bundles == [circle.first["bundle_sha256"], circle.second["bundle_sha256"]]
    assert circle.before["inputs_sha256"] == circle.after["inputs_sha256"]
    assert circle.before["score"]["probability"] != circle.after["score"]["probability"]
