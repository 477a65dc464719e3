"""Who put which version in force, when, and on what grounds."""

from typing import Any

from models.intensity.words.catalogue import Words, told
from models.score.reasons import Language
from service.review.labels.catalogue import LABELS
from service.served.evidence import Promotion, Registered

Row = dict[str, Any]

# The checks of the gates, as promotions record their names.
_CHECKS: dict[str, Words] = {
    "feature definitions": Words("Definitions of features", "特征定义"),
    "golden rows": Words("Golden rows score as they did", "基准样本评分一致"),
    "champion": Words("The champion can be used", "冠军版本可用"),
    "outcome": Words("Predicts the same", "预测目标一致"),
    "currency": Words("Same currency", "币种一致"),
    "leaks": Words("Features that look like leaks", "疑似泄漏的特征"),
    "rows that cured": Words("Rows that cured", "恢复正常的样本数"),
    "rows that stayed current": Words("Rows that stayed current", "保持正常的样本数"),
    "rows that did not": Words("Rows that did not", "未达到目标的样本数"),
    "AUC above champion": Words("AUC less the champion's", "AUC 与冠军版本之差"),
    "ECE": Words("Expected calibration error", "期望校准误差"),
    "calibration slope": Words("Calibration slope", "校准斜率"),
    "PSI of the score": Words("PSI of the score", "评分的 PSI"),
    "fairness": Words("Fairness by group", "各群体公平性"),
    "net value, lower bound": Words("Net value, lower bound", "净价值下限"),
    "assignments": Words("Assignments to judge by", "用于评估的分配记录"),
    "levels that could not have been assigned": Words(
        "Levels that could not have been assigned", "不可能被分配到的级别所占比例"
    ),
}
_RATE_IN = "rate in "


def promotions(registered: Registered | None, language: Language) -> list[Row]:
    """The moves of a registered model, newest first; none where nothing is known of it."""
    return [] if registered is None else [_row(each, language) for each in registered.promotions]


def _row(each: Promotion, language: Language) -> Row:
    return {
        "at": each.at.isoformat(),
        "who": each.who,
        "action": LABELS[f"promotion_{each.action}"].of(language),
        "from_version": each.from_version,
        "to_version": each.to_version,
        "signed_by": each.signed_by,
        "forced": each.forced,
        "reason": each.reason,
        "failed": sum(not check["passed"] for check in each.checks),
        "checks": [
            {
                "check": _check(str(check["check"]), language),
                "figure": _figure(check["figure"]),
                "bound": str(check["bound"]),
                "passed": bool(check["passed"]),
            }
            for check in each.checks
        ],
    }


def _check(name: str, language: Language) -> str:
    if name.startswith(_RATE_IN):
        stage = name.removeprefix(_RATE_IN)
        return LABELS["promotion_rate_in"].of(language).format(stage=stage)
    return told(_CHECKS, name, language)


def _figure(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "–" if value is None else str(value)
