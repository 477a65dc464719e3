"""The judge of promises: what it says is what the features count."""

import numpy as np

from features.catalogue import NAMES
from features.judged import BROKEN, KEPT, NONE, OPEN, UNKNOWN, judged
from features.matrix import matrix
from features.panel import known_at, panel
from features.tables import CONTACTS, codes_of
from tests.histories import random_tables

PROMISE = codes_of(CONTACTS, "outcome")["promise"]


def test_kept_and_broken_promises_are_those_of_the_features() -> None:
    history = panel(*random_tables(3, accounts=400))
    rows = np.arange(history.accounts)
    view = known_at(history, rows, np.full(len(rows), 19_300 * 86_400.0))
    judgement = judged(history, view)
    features = dict(zip(NAMES, matrix(history, view).T, strict=True))
    at = history.contacts.at
    age = (19_300 * 86_400.0 - at) / 86_400
    account = np.repeat(rows, np.diff(history.contact_start))
    assert set(judgement.tolist()) >= {NONE, OPEN, KEPT, BROKEN}
    assert ((judgement != NONE) <= (history.contacts.outcome == PROMISE)).all()

    def counted(wanted: np.ndarray) -> np.ndarray:
        return np.bincount(account[wanted], minlength=len(rows))

    asked = (view.stop > history.first) & history.fixed.payments_known
    asked &= history.fixed.contacts_known
    broken = counted((judgement == BROKEN) & (age < 180))
    assert (broken[asked] == features["promises_broken_180"][asked]).all()
    kept, lost = (counted((judgement == code) & (age < 365)) for code in (KEPT, BROKEN))
    due = asked & (kept + lost > 0)
    assert due.any()
    share = kept[due] / (kept[due] + lost[due])
    assert np.allclose(share, features["promises_kept_share_365"][due])


def test_without_payments_what_fell_due_is_not_known() -> None:
    history = panel(*random_tables(3, accounts=400))
    fixed = history.fixed._replace(payments_known=np.zeros(history.accounts, bool))
    rows = np.arange(history.accounts)
    view = known_at(history, rows, np.full(len(rows), 19_300 * 86_400.0))
    known = judged(history, view)
    unknown = judged(history._replace(fixed=fixed), view)
    due = (known == KEPT) | (known == BROKEN)
    assert due.any()
    assert (unknown[due] == UNKNOWN).all()
    assert (unknown[~due] == known[~due]).all()
