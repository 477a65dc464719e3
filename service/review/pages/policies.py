"""The page of policies: what is done, by which rules, and what of its effects is only assumed."""

from datetime import UTC

from fastapi import APIRouter
from starlette.responses import Response

from service.api.common import PartsOf
from service.review.asked import AskedOf
from service.review.policy.effects import effects_view
from service.review.policy.known import known_policy
from service.review.policy.rules import rules_view
from service.review.policy.value import value_view
from service.review.policy.view import named, policy_view, prices_view
from service.review.promotions import promotions
from service.review.rendering import page
from service.security.callers import scopes

router = APIRouter(include_in_schema=False)


@router.get("/review/policies")
@scopes("review")
def policies(parts: PartsOf, asked: AskedOf) -> Response:
    """The policy in force, its challenger, what contact changes, and what policies are worth."""
    language = asked.language
    generation = parts.current()
    policy, challenger = generation.policy, generation.challenger
    known = known_policy(parts, policy)
    today = parts.clock().astimezone(UTC).date()
    return page(
        "policies.html",
        asked,
        policy=policy_view(generation, language),
        known=known,
        challenger=None if challenger is None else named(challenger),
        effects=effects_view(policy, language),
        prices=prices_view(generation, parts.readiness.prices(), language),
        rules=rules_view(today, policy.advisory_rules, language),
        worth=None if known.value is None else value_view(known.value, language),
        moves=promotions(known.registered, language),
    )
