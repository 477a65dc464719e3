"""Where a score stands among the accounts that the model was trained on."""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any, Literal, NamedTuple

from features.errors import InputError
from service.log.records import Record
from service.replay.making import ReplayError
from service.replay.past import Past
from service.served.registry import ModelsError

_UNAVAILABLE = (ReplayError, ModelsError, InputError)


class Percentile(NamedTuple):
    """The percentage of the accounts whose score was lower.

    `known` is "about" where it is, "below" where the score is among the lowest so many percent,
    "above" where it is among those above so many: bins at the ends say no more.
    """

    percent: float
    known: Literal["about", "below", "above"]


def percentile(past: Past, record: Record) -> Percentile | None:
    """The percentile of a record's score; None where the bundle that scored is not here."""
    try:
        reference = past.bundle_of(record).reference
    except _UNAVAILABLE:
        return None
    return percentile_in(reference["score"], record["score"]["log_odds"])


def percentile_in(histogram: Mapping[str, Any], value: float) -> Percentile | None:
    """The percentile of a value in a histogram (models.score.reference), between the edges of its
    bin in proportion; None where there is one bin only.
    """
    edges, shares = histogram["edges"], histogram["shares"]
    if not edges:
        return None
    below = [100 * share for share in accumulate(shares)]  # at each edge; at last 100
    at = next((i for i, edge in enumerate(edges) if value <= edge), len(edges))
    if at == 0:
        return Percentile(below[0], "below")
    if at == len(edges):
        return Percentile(below[-2], "above")
    part = (value - edges[at - 1]) / (edges[at] - edges[at - 1])
    return Percentile(below[at - 1] + part * (below[at] - below[at - 1]), "about")
