"""At noon the service agrees with the night: the plan's levels and prices, over HTTP."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curescore.bodies import bodies
from models.intensity.ladder import RESOURCES
from models.intensity.policy import load_policy
from tests import plain
from tests.nights import AS_OF, SCARCE, decisions
from tests.servers import Server, curescore_here, serving
from training.tables import Tables, read_tables

NOON = datetime.fromisoformat(AS_OF) + timedelta(hours=12)
USE = load_policy(None).numbers.use


@pytest.fixture(scope="module")
def server(
    shared, here: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A service at the home to which the run's plan was published."""
    here = here | {"CURESCORE_AUTH": "off"}
    curescore_here(here, "db", "upgrade")
    with serving(here, tmp_path_factory.mktemp("server") / "output.txt") as started:
        yield started


@pytest.fixture(scope="module")
def tables(portfolio: Path) -> Tables:
    return read_tables(portfolio)


def decided(server: Server, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    url = f"{server.address}/v1/decisions:batch"
    answer = plain.post(url, json={"items": asked}, timeout=60).json()
    return [each["decision"] for each in answer["results"]]


def test_accounts_that_have_not_changed_keep_the_level_of_the_night(
    shared, server: Server, tables: Tables
) -> None:
    night = decisions(shared["out"])
    ids = night["account_id"].tolist()
    noon = decided(server, list(bodies(tables, ids, NOON)))
    assert {each["versions"]["prices"] for each in noon} == {night["prices"].iloc[0]}
    assert [each["account_id"] for each in noon] == ids
    intensities = [each["intensity"] for each in noon]
    of_plan = night["planned"].to_numpy()
    assert [each["planned"] for each in intensities] == of_plan.tolist()
    assert of_plan.sum() > 300
    levels = np.array([each["level"] for each in intensities])
    np.testing.assert_array_equal(levels[of_plan], night["level"][of_plan])
    assert any(
        rule["rule"] == "capacity" for each in noon for rule in each["intensity"]["binding_rules"]
    )


@pytest.mark.parametrize("event", ["payments", "contacts"])
def test_an_account_to_which_something_happened_is_weighed_at_the_prices(
    event: str, shared, server: Server, tables: Tables
) -> None:
    night = decisions(shared["out"])
    ids = night.query("planned")["account_id"].tolist()[:40]
    asked = list(bodies(tables, ids, NOON))
    at = (NOON - timedelta(hours=1)).isoformat()
    happened = {
        "payments": {"payment_id": "new", "received_at": at, "amount": 0.5, "reversed": False},
        "contacts": {
            "contact_id": "new",
            "at": at,
            "channel": "sms",
            "direction": "out",
            "outcome": "sent",
        },
    }
    for body in asked:
        body[event].append(happened[event])
    prices = shared["summary"]["capacity"]["prices"]
    price = (USE @ [prices[name] for name in RESOURCES]).tolist()
    for record in decided(server, asked):
        intensity = record["intensity"]
        assert not intensity["planned"]
        levels = intensity["levels"]
        assert [each["price"] for each in levels] == pytest.approx(price)
        best = max(levels, key=lambda each: (each["allowed"], each["net"], -each["level"]))
        assert intensity["level"] == best["level"]
        assert record["versions"]["prices"] == night["prices"].iloc[0]


def test_the_policy_tells_the_prices_in_force(shared, server: Server) -> None:
    told = plain.get(f"{server.address}/v1/policy").json()["prices"]
    capacity = shared["summary"]["capacity"]
    assert told["run_id"] == decisions(shared["out"])["prices"].iloc[0]
    assert datetime.fromisoformat(told["as_of"]) == datetime.fromisoformat(AS_OF)
    assert (told["levels_hold"], told["keeps_minimum"]) == (True, True)
    assert list(told["resources"]) == list(RESOURCES)
    for name, resource in told["resources"].items():
        assert resource["price"] == capacity["prices"][name]
        assert resource["capacity_per_day"] == SCARCE.get(name)
        assert resource["use_per_day"] >= shared["summary"]["use_per_day"][name]
