"""A client that others generate from the OpenAPI file alone, used against the real service."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from service.bodies import examples
from service.database import connect, upgrade
from service.security.keys import Keys, Scope
from tests.servers import Server, serving

NAME = "generated_client"


class Callers:
    """The service, and the key of a caller of each kind."""

    def __init__(self, server: Server, keys: dict[str, str]) -> None:
        self.server = server
        self.keys = keys


@pytest.fixture(scope="module")
def callers(bundle_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    home = tmp_path_factory.mktemp("home")
    url = f"sqlite:///{home / 'decisions.db'}"
    upgrade(url)
    engine = connect(url)
    scopes: dict[str, Scope] = {"strategy": "score", "first": "review", "second": "review"}
    keys = {name: Keys(engine).add(name, scope) for name, scope in scopes.items()}
    engine.dispose()
    environment = {"CURESCORE_HOME": str(home), "CURESCORE_MODELS": str(bundle_dir)}
    with serving(environment, home / "output.txt") as server:
        yield Callers(server, keys)


@pytest.fixture(scope="module")
def generated(callers: Callers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The client, generated from the file that the service hands out."""
    folder = tmp_path_factory.mktemp("generated")
    key = callers.keys["strategy"]
    document = httpx.get(
        f"{callers.server.address}/openapi.json", headers={"Authorization": f"Bearer {key}"}
    )
    (folder / "openapi.json").write_bytes(document.content)
    config = {"post_hooks": [], "literal_enums": True}
    (folder / "config.json").write_text(json.dumps(config))
    told = subprocess.run(
        [
            str(Path(sys.executable).with_name("openapi-python-client")),
            *("generate", "--path", "openapi.json", "--config", "config.json"),
            *("--meta", "none", "--output-path", NAME, "--fail-on-warning"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield importlib.import_module(NAME)


class Caller:
    """One caller of the service, by the generated client."""

    def __init__(self, generated: ModuleType, callers: Callers, name: str) -> None:
        self.client = generated.AuthenticatedClient(
            base_url=callers.server.address,
            token=callers.keys[name],
            raise_on_unexpected_status=True,
        )

    def call(self, path: str, *arguments: Any, body: Any = None, **given: Any) -> Any:
        """The answer of `decisions.create_decision`, and the like; `body` as [model, JSON]."""
        module = importlib.import_module(f"{NAME}.api.{path}")
        if body is not None:
            name, value = body
            given["body"] = model(name).from_dict(value)
        return module.sync(*arguments, client=self.client, **given)


@pytest.fixture
def people(generated: ModuleType, callers: Callers) -> Iterator[dict[str, Caller]]:
    made = {name: Caller(generated, callers, name) for name in callers.keys}
    yield made
    for each in made.values():
        each.client.get_httpx_client().close()


def model(name: str) -> Any:
    return getattr(importlib.import_module(f"{NAME}.models"), name)


def test_it_makes_reads_searches_and_overrides_a_decision(people: dict[str, Caller]) -> None:
    strategy, first, second = people.values()
    wanted = examples.decision("USD")
    del wanted["as_of"]  # now: an old decision has expired, and is not overridden
    decided = strategy.call("decisions.create_decision", body=("DecisionBody", wanted))
    assert isinstance(decided, model("RecordAnswer"))
    assert decided.status == "effective"
    assert sum(reason.contribution for reason in decided.reasons) == pytest.approx(
        decided.score.log_odds - decided.score.base_log_odds - decided.other_contributions
    )

    read = first.call("decisions.get_decision", decided.decision_id)
    assert read == decided
    search = ("SearchBody", {"account_id": decided.account_id})
    (found,) = first.call("decisions.search_decisions", body=search).decisions
    assert found == decided

    reason = {"level": 4, "reason": "other", "text": "The customer asked for somebody to come."}
    refused = second.call("decisions.override_decision", "not-an-id", body=("OverrideBody", reason))
    assert isinstance(refused, model("ProblemAnswer"))
    assert (refused.status, refused.type_) == (404, "urn:curescore:problem:not-found")

    overridden = first.call(
        "decisions.override_decision", decided.decision_id, body=("OverrideBody", reason)
    )
    assert isinstance(overridden, model("RecordAnswer")), overridden
    assert (overridden.intensity.level, overridden.status) == (4, "proposed")
    assert overridden.supersedes == decided.decision_id
    assert overridden.override_reason.code == "other"
    approved = second.call(
        "decisions.approve_decision", overridden.decision_id, body=("ApproveBody", {})
    )
    assert (approved.status, approved.actor) == ("effective", "second")
    assert first.call("decisions.get_decision", decided.decision_id).status == "superseded"


def test_it_tells_what_happened(people: dict[str, Caller]) -> None:
    strategy = people["strategy"]
    for path, name, told in (
        ("record_contacts", "ContactEvent", examples.contacts()),
        ("record_payments", "PaymentEvent", examples.payments()),
        ("record_outcomes", "OutcomeEvent", examples.outcomes()),
    ):
        one = told[0] if isinstance(told, list) else told
        recorded = strategy.call(f"happened.{path}", body=(name, one))
        assert (recorded.received, recorded.new) == (1, 1)
        assert strategy.call(f"happened.{path}", body=(name, one)).known == 1


def test_it_is_told_what_is_wrong(people: dict[str, Caller]) -> None:
    strategy = people["strategy"]
    wanted = examples.decision("USD")
    wanted["account"]["currency"] = "EUR"
    refused = strategy.call("decisions.create_decision", body=("DecisionBody", wanted))
    assert isinstance(refused, model("ProblemAnswer"))
    assert refused.errors[0].pointer == "/account/currency"
