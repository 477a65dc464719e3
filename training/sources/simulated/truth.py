"""The table of what a simulation keeps hidden: for checking methods, never for training."""

from features.tables import Column
from training.sources.simulated.laws import LEVELS

NAME = "truth"

COLUMNS = (
    Column("account_id", "id", "the account"),
    Column("statement_date", "date", "the statement after which the cycle begins"),
    Column("next_statement_date", "date", "the day that cycle ends"),
    Column("willingness", "number", "hidden willingness during the cycle, standardised"),
    Column("ability", "number", "hidden ability during the cycle, standardised"),
    Column("forgetfulness", "number", "hidden, 0 to 1"),
    Column("reachability", "number", "hidden, 0 to 1: chance that a dial reaches the debtor"),
    Column("avoidance", "number", "hidden, 0 to 1"),
    Column("out_of_work", "flag", "the debtor has lost the job"),
    Column("level", "count", "level in force in the cycle", optional=True),
    Column("probability", "number", "that the cycle ends with 0 days past due, under that level"),
    *(
        Column(f"probability_{level}", "number", f"the same under level {level}", optional=True)
        for level in range(LEVELS)
    ),
    Column("cured", "flag", "the cycle ended with the amount due paid"),
    Column("censored", "flag", "the cycle ended in a sale or a plan instead"),
    Column("charges", "money", "interest and purchases added at the cycle's end", "currency"),
)
