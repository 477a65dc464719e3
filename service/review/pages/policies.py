"""The page of policies: what is done, by which rules, and what of its effects is only assumed."""

from datetime import UTC

from fastapi import APIRouter
from starlette.responses import Response

from service.api.common import PartsOf
from service.review.asked import AskedOf
from service.review.known_model import as_far_as_readable
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

    def show(whole: bool) -> Response:
        value = known.value if whole else None
        return page(
            "policies.html",
            asked,
            policy=policy_view(generation, language),
            known=known._replace(value=value),
            challenger=None if challenger is None else named(challenger),
            effects=effects_view(policy, language),
            prices=prices_view(generation, parts.readiness.prices(), language),
            rules=rules_view(today, policy.advisory_rules, language),
            worth=None if value is None else value_view(value, language),
            moves=promotions(known.registered, language),
        )

    return as_far_as_readable(show)
