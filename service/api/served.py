"""Routes that tell what is being served, with hashes."""

from fastapi import APIRouter
from starlette.responses import Response

from models.intensity.rules.version import RULES_VERSION
from service.answers import ModelsAnswer, PolicyAnswer
from service.api.common import PartsOf, answer
from service.openapi import problems
from service.security import scopes

router = APIRouter(prefix="/v1", tags=["served"])


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
    """Thresholds of the tiers, the ladder, and the level of each stage and tier."""
    policy = parts.current().policy
    plain = policy.model_dump(mode="json", by_alias=True)
    return answer({"name": policy.name, "sha256": policy.sha256, "policy": plain})
