"""The OpenAPI document: request bodies that are read by hand, problems, keys, examples."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.answers import ProblemAnswer
from service.bodies import examples
from service.bodies.changes import ExplainBody
from service.bodies.happened import ContactsBody, OutcomesBody, PaymentsBody
from service.bodies.overrides import ApproveBody, OverrideBody
from service.bodies.schemas import BatchBody, DecisionBody, SearchBody
from service.bodies.visits import VisitsBody, VisitSearchBody
from service.errors import CATALOGUE, MEDIA_TYPE
from service.log.idempotency import HEADER, LENGTH

BODIES: tuple[type[BaseModel], ...] = (
    DecisionBody,
    BatchBody,
    ExplainBody,
    SearchBody,
    OverrideBody,
    ApproveBody,
    ContactsBody,
    PaymentsBody,
    OutcomesBody,
    VisitsBody,
    VisitSearchBody,
)
_WITHOUT_KEY = (405, 500)  # any route may answer these
_WITH_KEY = (401, 403, 429, 503)
_REF = "#/components/schemas/{model}"

Extra = dict[str, Any]

IDEMPOTENCY_KEY: Extra = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LENGTH, "pattern": "^[!-~]+$"},
    "description": "name of this request: sent again, it gets the first answer, for good",
}


def body_of(schema: type[BaseModel]) -> Extra:
    """What a route declares about the body that it reads as bytes."""
    content = {"schema": {"$ref": _REF.format(model=schema.__name__)}}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def problems(*statuses: int) -> dict[int | str, Extra]:
    """The problems that a route may answer, beside those that any route with a key may."""
    return open_problems(*statuses, *_WITH_KEY)


def open_problems(*statuses: int) -> dict[int | str, Extra]:
    """The problems that a route without a key may answer, beside those that any route may."""
    ref = _REF.format(model=ProblemAnswer.__name__)
    return {
        status: {"description": _titles(status), "content": {MEDIA_TYPE: {"schema": {"$ref": ref}}}}
        for status in sorted({*statuses, *_WITHOUT_KEY})
    }


def _titles(status: int) -> str:
    return "; ".join(kind.title for kind in CATALOGUE.values() if kind.status == status)


def document(app: FastAPI, currency: str) -> Extra:
    """The whole document; its examples are in the currency that the models serve."""
    made = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    _, definitions = models_json_schema(
        [*((body, "validation") for body in BODIES), (ProblemAnswer, "serialization")],
        ref_template=_REF,
    )
    components = made.setdefault("components", {})
    components["schemas"] = components.get("schemas", {}) | definitions["$defs"]
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "made by `curescore keys add`"}
    }
    made["security"] = [{"key": []}]
    for path in ("/healthz", "/readyz"):
        made["paths"][path]["get"]["security"] = []
    # The calls that decide are not routed, so that FastAPI knows nothing of their parameters.
    showing = made["paths"]["/v1/decisions:search"]["post"]["parameters"]
    for name in ("", ":batch"):
        made["paths"][f"/v1/decisions{name}"]["post"]["parameters"] = [*showing, IDEMPOTENCY_KEY]
    for name, example in {
        "decisions": examples.decision(currency),
        "decisions:batch": examples.batch(currency),
        "decisions:explain": examples.explain(currency),
        "decisions:search": examples.search(),
        "decisions/{decision_id}:override": examples.override(),
        "decisions/{decision_id}:approve": examples.approve(),
        "contacts": examples.contacts(),
        "payments": examples.payments(),
        "outcomes": examples.outcomes(),
        "visits": examples.visits(),
        "visits:search": examples.visit_search(),
    }.items():
        body = made["paths"][f"/v1/{name}"]["post"]["requestBody"]
        body["content"]["application/json"]["example"] = example
    return made
