"""A score in one paragraph: the average account, this one, and the strongest reasons."""

from models.intensity.words.catalogue import Words
from models.score.reasons import Language, fact
from service.log.records import Record
from service.review import formats
from service.review.decision.waterfall import Reason, Waterfall

STRONGEST = 3  # reasons each way

_BOTH = Words(
    "For the average account the probability is {base}; for this one it is {probability}.",
    "平均账户的概率为 {base}，本账户为 {probability}。",
)
_RAISED = Words("Raised most by {reasons}.", "提高最多的因素：{reasons}。")
_LOWERED = Words("Lowered most by {reasons}.", "降低最多的因素：{reasons}。")
_NONE = Words("The record names no reason.", "记录中未列出原因。")
_REASON = Words("“{fact}” ({adds})", "“{fact}”（{adds}）")


def summary(record: Record, drawn: Waterfall, language: Language) -> str:
    """The paragraph of a shown record and its waterfall; numbers of reasons are log-odds."""
    said = [
        _BOTH.of(language).format(
            base=formats.percent(drawn.base_probability, language),
            probability=formats.percent(drawn.probability, language),
        )
    ]
    ranked = sorted(record["reasons"], key=lambda each: -abs(each["contribution"]))
    for words, sign in ((_RAISED, 1), (_LOWERED, -1)):
        strongest = [each for each in ranked if sign * each["contribution"] > 0][:STRONGEST]
        if strongest:
            told = [_reason(each, record["currency"], language) for each in strongest]
            listed = ("; " if language == "en" else "；").join(told)
            said.append(words.of(language).format(reasons=listed))
    if not record["reasons"]:
        said.append(_NONE.of(language))
    return (" " if language == "en" else "").join(said)


def _reason(reason: Reason, currency: str, language: Language) -> str:
    feature, value, unit = reason["feature"], reason["value"], reason["unit"]
    return _REASON.of(language).format(
        fact=fact(feature, value, unit, currency, language),
        adds=formats.signed(reason["contribution"], language),
    )
