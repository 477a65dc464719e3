"""What a feature is called, means, and is computed by.

A feature is a function of one account's `History` under a family's decorator `feature`, which
holds its catalogue entry.

A feature belongs to one of four groups; ability and willingness are summed from theirs.
- ability: what was paid of the balance and beyond what was asked, use of the limit, means as
  the debtor told.
- willingness: whether, when, how regularly and how much of what was asked the debtor pays, and
  how readily it answers.
- exposure: how much is owed and how much of it was paid since the last statement, how far
  behind and for how long, the state of the account.
- contact: how the debtor could be reached.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from features.compiled import compiled
from features.definition import definition_sha256
from features.history import History, history

Group = Literal["ability", "willingness", "exposure", "contact"]
Unit = Literal[
    "days", "months", "hour", "share", "ratio", "money", "count", "money_per_month", "yes_no"
]
Monotone = Literal[-1, 0, 1]


@dataclass(frozen=True)
class Feature:
    """One feature: how it is computed and how it is told.

    `monotone` is the direction in which theory says that the chance of curing moves with the
    value (0: none). `en` and `zh` are sentences in which `{value}` stands for the value with
    its unit. `definition_sha256` changes exactly when the computation does, that of the history
    it reads included.
    """

    name: str
    family: str
    group: Group
    unit: Unit
    monotone: Monotone
    en: str
    zh: str
    function: Callable[[History], float]
    definition_sha256: str


class Family:
    """Collects the features of one module, in the order in which they are written."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.features: list[Feature] = []

    def feature(
        self, *, unit: Unit, group: Group, en: str, zh: str, monotone: Monotone = 0
    ) -> Callable[[Callable[[History], float]], Callable[[History], float]]:
        """Enter the function below into the family, compiled, under its own name."""

        def enter(function: Callable[[History], float]) -> Callable[[History], float]:
            self.features.append(
                Feature(
                    name=function.__name__,
                    family=self.name,
                    group=group,
                    unit=unit,
                    monotone=monotone,
                    en=en,
                    zh=zh,
                    function=compiled(function),
                    definition_sha256=definition_sha256(history, function),
                )
            )
            return function

        return enter
