"""Bodies of requests that suppose changes to an account that is decided."""

from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from features.tables import MONEY_BOUND, Column
from models.intensity.alternatives import EXPLORATION
from models.intensity.ladder import RESOURCES
from models.intensity.rules.book import RULES
from models.intensity.settle import CAPACITY
from service.bodies.columns import Cell
from service.bodies.schemas import (
    AccountBody,
    Body,
    Contacts,
    DecisionBody,
    Payments,
    Statements,
)

SUPPOSED = Column(
    "probability", "number", "a supposed probability of the target", minimum=0, maximum=1
)
PRICES: dict[str, Column] = {
    resource: Column(
        resource, "number", "price of a unit, in the policy's unit", minimum=0, maximum=MONEY_BOUND
    )
    for resource in RESOURCES
}
# No rules of the book are `capacity`, by which a plan holds a level, and `exploration`, which draws
# one.
RULE_IDS = (*(rule.id for rule in RULES), CAPACITY, EXPLORATION)


class PricesBody(Body):
    """Prices of scarce resources; those left out stay as they are."""

    agent_minutes: Annotated[float, Cell(PRICES["agent_minutes"])] | None = None
    letters: Annotated[float, Cell(PRICES["letters"])] | None = None
    visits: Annotated[float, Cell(PRICES["visits"])] | None = None


def _unsure(probability: float) -> float:
    if not 0 < probability < 1:
        remedy = "Send a number above 0 and below 1."
        raise PydanticCustomError("cell", "is a certainty", {"remedy": remedy})
    return probability


def _rule_id(value: Any) -> Any:
    if value in RULE_IDS:
        return value
    near = get_close_matches(value[:64], RULE_IDS, n=1) if isinstance(value, str) else ()
    remedy = f"Did you mean {near[0]}?" if near else f"Known rules: {', '.join(RULE_IDS)}."
    raise PydanticCustomError("cell", "is not the id of a rule", {"remedy": remedy})


RuleId = Annotated[
    str, BeforeValidator(_rule_id), Field(json_schema_extra={"enum": list(RULE_IDS)})
]
RuleList = Annotated[list[RuleId], Field(max_length=len(RULE_IDS), fail_fast=True)]


class ChangesEnvelope(Body):
    """Changes to a body that is decided; fields and lists are checked where they then stand."""

    account: Any = None
    statements: Any = None
    payments: Any = None
    contacts: Any = None
    debtor_contacts: Any = None
    probability: Annotated[float, Cell(SUPPOSED), AfterValidator(_unsure)] | None = None
    prices: PricesBody | None = None
    without_rules: RuleList | None = None

    @model_validator(mode="after")
    def _some(self) -> "ChangesEnvelope":
        if not self.model_fields_set:
            remedy = f"Send at least one of {', '.join(ChangesEnvelope.model_fields)}."
            raise PydanticCustomError("cell", "changes nothing", {"remedy": remedy})
        return self


def _none_required(schema: dict[str, Any]) -> None:
    del schema["required"]


def _one_required(schema: dict[str, Any]) -> None:
    _none_required(schema)
    schema["minProperties"] = 1


class AccountChanges(AccountBody):
    """Fields of the account that are to be others (as OpenAPI shows it)."""

    model_config = ConfigDict(json_schema_extra=_none_required)


class ChangesBody(ChangesEnvelope):
    """What is to be supposed; at least one field (as OpenAPI shows it).

    Fields of the account and lists replace those that were sent. `probability` is that of the
    target, which then has no reasons; rules named in `without_rules` are left out, `exploration`
    among them being the experiment that the account takes part in.
    """

    model_config = ConfigDict(json_schema_extra=_one_required)

    account: AccountChanges
    statements: Statements
    payments: Payments | None = None
    contacts: Contacts | None = None
    debtor_contacts: Contacts | None = None


class ExplainEnvelope(DecisionBody):
    """A body that is decided, and changes to it, which are checked by themselves."""

    changes: Any


class ExplainBody(ExplainEnvelope):
    """One account to be decided as it is and with changes (as OpenAPI shows it)."""

    changes: ChangesBody


CHANGES_COLUMNS: dict[type[Body], dict[str, Column]] = {
    ChangesEnvelope: {"probability": SUPPOSED},
    PricesBody: PRICES,
}
