"""A service of both targets: each account is decided by the bundle of its stage, in its words."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from models.decision import Decision
from models.generation import Generation
from models.score.standing import Agreement, StandingCheck
from service.answers import RecordAnswer
from service.app import create_app
from service.log.records import entry
from service.served.reload import load_generation
from service.served_answer import ModelsAnswer
from service.settings import Settings
from tests.bundles import OFFSETS, small_bundle
from tests.service.conftest import NOW, Client
from tests.storing import as_json, store_whole

NOT_VALID = "not validated, shown for information; treatments do not use them"
VALID = StandingCheck(
    measured=True,
    n=700,
    ability=Agreement(own=0.5, other=0.1),
    willingness=Agreement(own=0.6, other=0.3),
)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Generation:
    """Both targets from one folder; the bundle of cures has stage offsets."""
    folder: Path = tmp_path_factory.mktemp("targets")
    small_bundle(folder / "cure", offsets=OFFSETS)
    small_bundle(folder / "early", target="early_warning")
    return load_generation(Settings(models=folder))


def client_of(engine: sa.Engine, generation: Generation) -> Client:
    return Client(create_app(Settings(auth="off"), engine, lambda: generation, lambda: NOW))


@pytest.fixture
def client(engine: sa.Engine, both: Generation) -> Client:
    return client_of(engine, both)


@pytest.fixture
def current(body: dict[str, Any]) -> dict[str, Any]:
    """The example's account, had it paid its last statement."""
    paid = deepcopy(body)
    paid["account"] |= {"days_past_due": 0, "past_due_amount": 0}
    paid["statements"][-1] |= {"days_past_due": 0, "amount_paid": 92.0}
    return paid


@pytest.fixture
def late(body: dict[str, Any]) -> dict[str, Any]:
    """The example's account, later."""
    later = deepcopy(body)
    later["account"]["days_past_due"] = 125
    later["statements"][-1]["days_past_due"] = 123
    return later


def served(generation: Generation, **changes: object) -> Generation:
    """The generation with changes to its bundle of cures."""
    bundles = generation.bundles | {"cure": replace(generation.bundles["cure"], **changes)}
    return replace(generation, bundles=bundles)


def page(client: Client, record: dict[str, Any], language: str = "en") -> str:
    return client.get(f"/review/decisions/{record['decision_id']}?lang={language}").text


def test_the_model_of_the_account_s_stage_decides(
    client: Client, both: Generation, current: dict[str, Any], late: dict[str, Any]
) -> None:
    batch = client.post("/v1/decisions:batch", json={"items": [current, late, current]}).json()
    told = [result["decision"] for result in batch["results"]]
    for record, target in zip(told, ("early_warning", "cure", "early_warning"), strict=True):
        RecordAnswer.model_validate(record)
        assert record["score"]["target"] == target
        assert record["versions"]["bundle_sha256"] == both.bundles[target].sha256
        assert record["versions"]["model"] == both.models[target]
    assert told[0]["score"] == told[2]["score"]
    assert (told[0]["score"]["stage"], told[1]["score"]["stage"]) == ("pre_due", "M4+")


def test_pages_speak_of_staying_current_where_that_is_the_target(
    client: Client, current: dict[str, Any], late: dict[str, Any]
) -> None:
    early = client.post("/v1/decisions", json=current).json()
    assert "Probability of staying current" in page(client, early)
    assert "保持正常的概率" in page(client, early, "zh")
    assert "Probability of cure" not in page(client, early)
    assert "恢复正常的概率" not in page(client, early, "zh")
    late["account"]["account_id"] = "A-1002"  # a page also names the account's other decisions
    cure = client.post("/v1/decisions", json=late).json()
    assert "Probability of cure" in page(client, cure)
    assert "staying current" not in page(client, cure)


def test_pages_speak_of_a_cure_that_lasts_where_it_has_to(
    engine: sa.Engine, both: Generation, late: dict[str, Any]
) -> None:
    lasting = replace(both.bundles["cure"].outcome, sustained=True)
    client = client_of(engine, served(both, outcome=lasting))
    record = client.post("/v1/decisions", json=late).json()
    assert record["score"]["sustained"] is True
    assert "Probability of a cure that lasts" in page(client, record)
    assert "持续恢复正常的概率" in page(client, record, "zh")


@pytest.mark.parametrize("reasons", ["0", "1", "3", "all"])
def test_the_stage_offset_is_told_and_all_adds_up(
    client: Client, late: dict[str, Any], reasons: str
) -> None:
    record = client.post(f"/v1/decisions?reasons={reasons}", json=late).json()
    shares = [reason["contribution"] for reason in record["reasons"]]
    total = record["score"]["base_log_odds"] + sum(shares) + record["other_contributions"]
    assert total == pytest.approx(record["score"]["log_odds"], abs=1e-9)
    own = [reason for reason in record["reasons"] if reason["feature"] == "stage_offset"]
    if reasons == "all":
        assert own == [
            {
                "feature": "stage_offset",
                "group": "calibration",
                "value": 123.0,
                "unit": "days",
                "contribution": OFFSETS[-1],
                "text": "Adjustment for the stage at the last statement (123 days past due). "
                "Lowers the probability.",
            }
        ]


def test_the_stage_offset_is_on_the_page(client: Client, late: dict[str, Any]) -> None:
    record = client.post("/v1/decisions", json=late).json()
    english, chinese = page(client, record), page(client, record, "zh")
    assert "<code>stage_offset</code>" in english
    assert "Adjustment for the stage at the last statement (123 days past due)" in english
    assert ">calibration</th>" in english
    assert "按最近一期账单的逾期阶段所作的校准调整（逾期 123 天）" in chinese
    assert ">校准</th>" in chinese


def test_it_is_told_whether_ability_and_willingness_were_validated(
    engine: sa.Engine, both: Generation, late: dict[str, Any]
) -> None:
    client = client_of(engine, both)
    record = client.post("/v1/decisions", json=late).json()
    assert record["score"]["standing_valid"] is False
    assert NOT_VALID in page(client, record)
    assert "未经验证，仅供参考；处置方式不使用这两项" in page(client, record, "zh")

    client = client_of(engine, served(both, standing=VALID))
    record = client.post("/v1/decisions", json=late).json()
    assert record["score"]["standing_valid"] is True
    assert "Ability and willingness: validated." in page(client, record)
    assert NOT_VALID not in page(client, record)
    assert "还款能力与还款意愿：已验证。" in page(client, record, "zh")


def test_a_record_from_before_this_was_told_is_shown_as_not_validated(
    engine: sa.Engine, both: Generation, decision: Decision
) -> None:
    _, record = entry(decision, b"{}", decided_at=NOW, actor="test", generation=1)
    old = as_json(record)
    for name in ("sustained", "standing_valid"):
        del old["score"][name]
    store_whole(engine, old)
    text = page(client_of(engine, both), old)
    assert NOT_VALID in text
    assert "Probability of cure" in text


def test_models_tell_what_is_predicted_and_how_standing_was_validated(
    engine: sa.Engine, both: Generation
) -> None:
    told = client_of(engine, served(both, standing=VALID)).get("/v1/models").json()
    ModelsAnswer.model_validate(told)
    models = {model["target"]: model for model in told["models"]}
    assert models.keys() == {"cure", "early_warning"}
    assert models["cure"]["horizon_cycles"] == 1
    assert models["cure"]["sustained"] is False
    assert models["cure"]["standing"] == {
        "measured": True,
        "n": 700,
        "ability": {"own": 0.5, "other": 0.1},
        "willingness": {"own": 0.6, "other": 0.3},
        "valid": True,
    }
    assert models["early_warning"]["standing"] == {
        "measured": False,
        "n": 0,
        "ability": {"own": None, "other": None},
        "willingness": {"own": None, "other": None},
        "valid": False,
    }
