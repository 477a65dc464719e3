"""Refusals: accounts that cannot be decided, each with the field at fault."""

from dataclasses import dataclass
from typing import Literal

from features.panel import Panel, View
from features.tables import STATEMENTS
from models.account import Account
from models.generation import Generation
from models.stage import stage_of
from models.target import target_of

RefusalKind = Literal[
    "no-model-for-stage", "currency-mismatch", "no-statement", "account-ended", "nothing-owed"
]

_STATUSES = STATEMENTS.column("status").codes
_LIVING = "open"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an account cannot be decided: `pointer` is the JSON pointer of the field at fault."""

    kind: RefusalKind
    pointer: str
    problem: str
    remedy: str
    value: object = None


def refusal(
    generation: Generation, account: Account, panel: Panel, view: View, i: int
) -> Refusal | None:
    """Why the account, which is row `i` of the view, cannot be decided; None where it can."""
    target = target_of(account.days_past_due)
    bundle = generation.bundles.get(target)
    if bundle is None:
        return Refusal(
            "no-model-for-stage",
            "/account/days_past_due",
            f"accounts in stage {stage_of(account.days_past_due)} are not scored: no model with "
            f"target {target} is served",
            f"send accounts of these targets: {', '.join(generation.bundles)}",
            account.days_past_due,
        )
    if account.currency != bundle.currency:
        return Refusal(
            "currency-mismatch",
            "/account/currency",
            f"the model was trained on amounts in {bundle.currency}",
            f"send accounts in {bundle.currency}, or serve a model trained in this currency",
            account.currency,
        )
    return _owes_nothing(account) or _has_no_open_statement(panel, view, i)


def _owes_nothing(account: Account) -> Refusal | None:
    if account.days_past_due == 0 or (account.balance > 0 and account.past_due_amount > 0):
        return None
    field = "balance" if account.balance <= 0 else "past_due_amount"
    return Refusal(
        "nothing-owed",
        f"/account/{field}",
        "the account is late but owes nothing",
        "send the amount that is owed, or days_past_due 0 where nothing is",
        getattr(account, field),
    )


def _has_no_open_statement(panel: Panel, view: View, i: int) -> Refusal | None:
    row, last = view.row[i], view.stop[i] - 1
    if last < panel.first[row]:
        return Refusal(
            "no-statement",
            "/statements",
            "no statement is known at as_of",
            "send at least one statement dated before the day of as_of",
        )
    status = _STATUSES[int(panel.status[row, last])]
    if status == _LIVING:
        return None
    return Refusal(
        "account-ended",
        "/statements",
        f"the last statement says that the account is {status}",
        "send accounts whose last statement is open: models are trained on those alone",
        status,
    )
