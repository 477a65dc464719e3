"""The pages of models: all of them, and one target's."""

from typing import Any, get_args

from fastapi import APIRouter
from starlette.responses import Response

from models.score.reasons import Language
from models.target import TARGETS, Target
from service.api.common import Parts, PartsOf
from service.errors import ProblemError
from service.review.asked import Asked, AskedOf
from service.review.known_model import Judged, KnownModel, as_far_as_readable, known_model
from service.review.model.card import card, features, registry, settings
from service.review.model.drawn import drawn
from service.review.model.fairness import fairness
from service.review.model.findings import findings
from service.review.model.measures import baselines, measures, rivals
from service.review.model.stability import guards, stability, standing
from service.review.promotions import promotions
from service.review.rendering import page
from service.security.callers import scopes

router = APIRouter(include_in_schema=False)

SECTIONS = (
    *("card", "findings", "measures", "baselines", "rivals", "calibration", "gains"),
    *("reasons", "fairness", "stability", "guards", "standing", "history"),
)
# Those that need the document of how the model did.
_OF_DOCUMENT = frozenset(SECTIONS) - {"card", "rivals", "history"}


@router.get("/review/models")
@scopes("review")
def overview(parts: PartsOf, asked: AskedOf) -> Response:
    """A card for each target, and what the registry has that is not served."""
    status = parts.models()
    every = [known_model(parts, each) for each in TARGETS]

    def show(whole: bool) -> Response:
        told = every if whole else [each.alone for each in every]
        cards = [card(each, status, asked.language) for each in told]
        return page("models.html", asked, cards=cards, registry=registry(status))

    return as_far_as_readable(show)


@router.get("/review/models/{target}")
@scopes("review")
def model(parts: PartsOf, target: str, asked: AskedOf) -> Response:
    """One target's model: whether it is right, whether it is fair, and who put it in force."""
    known = known_model(parts, _target(target))
    return as_far_as_readable(lambda whole: _model(parts, known if whole else known.alone, asked))


def _model(parts: Parts, known: KnownModel, asked: Asked) -> Response:
    judged = _judged(known.served, asked.language)
    compared = rivals(known, asked.language)
    missing = (set() if judged else _OF_DOCUMENT) | (set() if compared else {"rivals"})
    return page(
        "model.html",
        asked,
        card=card(known, parts.models(), asked.language),
        features=[] if known.bundle is None else features(known.bundle, asked.language),
        settings=[] if known.bundle is None else settings(known.bundle),
        judged=judged,
        rivals=compared,
        moves=promotions(known.registered, asked.language),
        sections=[each for each in SECTIONS if each not in missing],
    )


def _target(name: str) -> Target:
    found = [each for each in get_args(Target) if each == name]
    if not found:
        raise ProblemError("not-found", "There is no such target: cure and early_warning are.")
    target: Target = found[0]
    return target


def _judged(judged: Judged | None, language: Language) -> dict[str, Any] | None:
    """All that documents tell of the model that is served; None where they are not at hand."""
    if judged is None or judged.evaluation is None:
        return None
    evaluation = judged.evaluation
    return {
        "findings": findings(evaluation, language),
        "measures": measures(evaluation, language),
        "baselines": baselines(evaluation, language),
        "drawn": drawn(judged.explained, language),
        "fairness": fairness(evaluation, language),
        "stability": stability(evaluation, language),
        "guards": guards(evaluation, language),
        "standing": standing(evaluation, language),
    }
