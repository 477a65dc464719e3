"""Routes that tell what is being served, with hashes."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from models.generation import Generation
from models.intensity.ladder import RESOURCES
from models.intensity.plan import Plan
from models.intensity.policy import Policy
from models.intensity.rules.version import RULES_VERSION
from service.api.common import PartsOf, answer
from service.openapi import problems
from service.security.callers import scopes
from service.served.plans import made_with
from service.served_answer import ModelsAnswer, PolicyAnswer

router = APIRouter(prefix="/v1", tags=["served"])

_SECRET = {"exploration": {"key"}}  # who has it can foretell whose level is drawn, and which


@router.get(
    "/models",
    operation_id="getModels",
    summary="What decides now",
    response_model=ModelsAnswer,
    responses=problems(),
)
@scopes("score", "review")
def get_models(parts: PartsOf) -> Response:
    """Models, policy, rules, code and time-zone data of the current generation."""
    generation = parts.current()
    return answer(
        {
            "models": [
                {
                    "name": generation.models[target],
                    "target": target,
                    "bundle_sha256": bundle.sha256,
                    "horizon_cycles": bundle.outcome.horizon_cycles,
                    "sustained": bundle.outcome.sustained,
                    "currency": bundle.currency,
                    "features": len(bundle.features),
                    "standing": {**bundle.standing.model_dump(), "valid": bundle.standing_valid},
                    "training": bundle.training,
                }
                for target, bundle in generation.bundles.items()
            ],
            "policy": generation.policy.name,
            "policy_sha256": generation.policy.sha256,
            "rules": RULES_VERSION,
            "code": generation.code,
            "tzdata": generation.tzdata,
        }
    )


@router.get(
    "/policy",
    operation_id="getPolicy",
    summary="The policy in force",
    response_model=PolicyAnswer,
    responses=problems(),
)
@scopes("score", "review")
def get_policy(parts: PartsOf) -> Response:
    """The policy, its estimate and challenger, and the prices of the latest capacity plan."""
    generation = parts.current()
    policy, challenger = generation.policy, generation.challenger
    return answer(
        {
            "name": policy.name,
            "sha256": policy.sha256,
            "policy": policy.model_dump(mode="json", by_alias=True, exclude=_SECRET),
            "estimate_sha256": policy.estimate_sha256,
            "challenger": None if challenger is None else _challenger(challenger),
            "prices": None if generation.plan is None else _prices(generation, generation.plan),
        }
    )


def _challenger(policy: Policy) -> dict[str, str | None]:
    return {
        "name": policy.name,
        "sha256": policy.sha256,
        "estimate_sha256": policy.estimate_sha256,
    }


def _prices(generation: Generation, plan: Plan) -> dict[str, Any]:
    terms = plan.terms
    return {
        "run_id": terms.run_id,
        "as_of": terms.as_of.isoformat(),
        "decided_at": terms.decided_at.isoformat(),
        "resources": {
            name: {
                "price": terms.prices[name],
                "capacity_per_day": terms.capacity[name],
                "use_per_day": terms.use[name],
            }
            for name in RESOURCES
        },
        "keeps_minimum": terms.keeps_minimum,
        "levels_hold": made_with(generation, plan),
    }
