"""Calls made from the OpenAPI document, right and wrong, answered by the real server."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.servers import Server
from tests.service.faults.places import counted, place

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
CALLS = {
    "createDecision": 3_000,
    "createDecisions": 2_000,
    "explainDecision": 2_000,
    "searchDecisions": 2_000,
    "getDecision": 500,
    "getModels": 100,
    "getPolicy": 100,
    "getReadiness": 200,
    "getHealth": 100,
}  # cases of each, 10,000 in all
FEW = 25
# The others take neither body nor parameter that could be wrong.
MODES = [
    *((call, GenerationMode.POSITIVE) for call in CALLS),
    *((call, GenerationMode.NEGATIVE) for call in CALLS if "Decision" in call),
]


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, bundle_dir: Path, empty_database: Path
) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    shutil.copy(empty_database, home / "decisions.db")
    with place(home, bundle_dir, f"sqlite:///{home / 'decisions.db'}").serving() as started:
        yield started


@pytest.fixture(scope="module")
def operations(server: Server) -> dict[str, APIOperation]:
    schema = schemathesis.openapi.from_url(f"{server.address}/openapi.json")
    found = [result.ok() for result in schema.get_all_operations()]
    return {operation.definition.raw["operationId"]: operation for operation in found}


@pytest.mark.prove
@pytest.mark.parametrize(("call", "mode"), MODES, ids=[f"{c}-{m.value}" for c, m in MODES])
def test_no_case_breaks_the_service_or_the_document(
    operations: dict[str, APIOperation], call: str, mode: GenerationMode
) -> None:
    operation = operations[call]
    schema = _decided_schema(operation)
    cases = operation.as_strategy(generation_mode=mode)
    modes = sum(each == call for each, _ in MODES)

    @settings(
        max_examples=counted(CALLS[call] // modes, FEW),
        phases=(Phase.generate,),  # to make a batch of histories smaller takes minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def answered(case: Any) -> None:
        response = case.call()
        case.validate_response(response, checks=CHECKS)
        if response.status_code == 200 and schema is not None:
            assert all(schema.is_valid(body) for body in _accepted(call, case.body, response))

    answered()


def _decided_schema(operation: APIOperation) -> Any:
    """The schema, as the document shows it, of what is accepted; None for a call without body."""
    raw = operation.definition.raw
    if "requestBody" not in raw:
        return None
    components = operation.schema.raw_schema["components"]
    shown = raw["requestBody"]["content"]["application/json"]["schema"]
    if shown["$ref"].endswith("/BatchBody"):
        shown = components["schemas"]["BatchBody"]["properties"]["items"]["items"]
    return jsonschema_rs.validator_for(shown | {"components": components})


def _accepted(call: str, body: Any, response: Any) -> list[Any]:
    """What was accepted of a body: all of it, or those items of a batch that were decided."""
    if call != "createDecisions":
        return [body]
    results = response.json()["results"]
    assert len(results) == len(body["items"])
    return [body["items"][each["index"]] for each in results if "decision" in each]
