"""All labels of the review pages, by name."""

from models.intensity.words.catalogue import Words
from service.review.labels.acting import ACTING_LABELS
from service.review.labels.common import COMMON_LABELS
from service.review.labels.decision import DECISION_LABELS
from service.review.labels.models import MODELS_LABELS
from service.review.labels.policies import POLICIES_LABELS
from service.review.labels.portfolio import PORTFOLIO_LABELS
from service.review.labels.problems import PROBLEMS_LABELS
from service.review.labels.queue import QUEUE_LABELS
from service.review.labels.signing_in import SIGNING_IN_LABELS
from service.review.labels.visits import VISIT_LABELS
from service.review.labels.what_if import WHAT_IF_LABELS

_PAGES = (
    COMMON_LABELS,
    ACTING_LABELS,
    DECISION_LABELS,
    MODELS_LABELS,
    POLICIES_LABELS,
    PORTFOLIO_LABELS,
    PROBLEMS_LABELS,
    QUEUE_LABELS,
    SIGNING_IN_LABELS,
    VISIT_LABELS,
    WHAT_IF_LABELS,
)


def _merged() -> dict[str, Words]:
    """The labels of all pages; ValueError where two have one name."""
    merged: dict[str, Words] = {}
    for labels in _PAGES:
        twice = merged.keys() & labels.keys()
        if twice:
            raise ValueError(f"labels with the same name: {', '.join(sorted(twice))}")
        merged |= labels
    return merged


LABELS = _merged()
