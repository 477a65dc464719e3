"""The promise made at a visit, judged by the payments that are known now."""

from datetime import datetime

import msgspec
import numpy as np

from features.judged import JUDGEMENTS, Judgement, judged
from features.panel import known_at
from service.bodies.decoding import Decoded
from service.bodies.inputs import decided_on
from service.bodies.panels import panel_of
from service.happened.store import Happened
from service.happened.uniting import held_of, united
from service.log.decisions import DecisionLog
from service.visits.cases import Visit


def promise_of(visit: Visit, happened: Happened, log: DecisionLog, now: datetime) -> Judgement:
    """What became of the promise by now, from the payments that decisions count too."""
    recorded = visit.taken("recorded")
    if recorded is None or recorded.body.get("outcome") != "promise":
        return "none"
    inputs = log.inputs(visit.decision_id)
    if inputs is None:  # pruned
        return "unknown"
    decoded = Decoded(decided_on(inputs), now, inputs)
    whole = united(decoded, held_of(happened, [decoded]))
    theirs = [row for row in whole.body.contacts if row.contact_id == visit.contact_id]
    panel = panel_of([msgspec.structs.replace(whole.body, contacts=theirs)])
    view = known_at(panel, np.zeros(1, np.int64), np.array([now.timestamp()]))
    return JUDGEMENTS[int(judged(panel, view)[0])]
