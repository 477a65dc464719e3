"""What a score is compared with, in words: the same in tables, figures and sentences."""

OTHERS = {
    "days_past_due": "days past due alone",
    "roll_rate": "the roll-rate table",
    "scorecard": "the scorecard",
    "logistic": "logistic regression",
    "untuned": "the untuned booster",
    "champion": "the champion",
}


def name_of(score: str) -> str:
    """The score's name in words, as it stands inside a sentence."""
    return OTHERS.get(score, score.replace("_", " "))
