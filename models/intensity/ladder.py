"""The ladder's fixed words: levels 0 to 4, treatments, resources, what each level may hold."""

from typing import Literal, get_args

LevelName = Literal["none", "remind", "call", "intensive", "escalate"]
LEVEL_NAMES: tuple[LevelName, ...] = get_args(LevelName)  # a level is its position here
LEVELS = range(len(LEVEL_NAMES))
NONE, REMIND, CALL, INTENSIVE, ESCALATE = LEVELS

Channel = Literal["sms", "push", "email", "call", "letter", "visit", "agency", "legal"]
Resource = Literal["agent_minutes", "letters", "visits"]
RESOURCES: tuple[Resource, ...] = get_args(Resource)
Treatment = Literal[
    "wait", "remind", "negotiate", "offer_plan", "hardship_review", "trace", "escalate"
]
# What a level of the ladder may stand for; the other treatments come from the account.
LevelTreatment = Literal["wait", "remind", "negotiate", "escalate"]

# The caps of the rules are levels, so a level must not hold a means that they mean to
# exclude: a call at level 1 would reach customers in hardship, and a visit, agency or legal
# step below level 4 would escape the approval that it always needs.
LOWEST_LEVEL_OF_CHANNEL: dict[str, int] = {
    "sms": REMIND,
    "push": REMIND,
    "email": REMIND,
    "letter": REMIND,
    "call": CALL,
    "visit": ESCALATE,
    "agency": ESCALATE,
    "legal": ESCALATE,
}
LOWEST_LEVEL_OF_TREATMENT: dict[str, int] = {
    "wait": NONE,
    "remind": REMIND,
    "negotiate": CALL,
    "escalate": ESCALATE,
}
# Resources that are contacts of one channel, counted.
CHANNEL_OF_RESOURCE: dict[str, str] = {"letters": "letter", "visits": "visit"}


def level_of(name: LevelName) -> int:
    """The level, 0 to 4, of that name."""
    return LEVEL_NAMES.index(name)
