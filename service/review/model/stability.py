"""Whether the months after training were like those of training, and what the guards found."""

from collections.abc import Mapping
from typing import Any

from models.score.reasons import Language
from models.score.reference import PSI_LOOK, PSI_SHIFTED, drift_of
from service.review import formats
from service.review.charts import Axis, Series, across
from service.review.feature_words import meaning
from service.review.known_model import Document
from service.review.labels.catalogue import LABELS

Row = dict[str, Any]

DRAWN = 20  # features that moved most


def stability(evaluation: Document, language: Language) -> Row:
    """PSI of the score, the largest reasons and every feature, those that moved most first."""
    told = evaluation["stability"]
    chance, limits = told["expected_by_chance"], told["chance_limit"]
    known = sorted(
        ((name, psi) for name, psi in told["features"].items() if psi is not None),
        key=lambda each: (-each[1], each[0]),
    )
    features = [
        _row(name, psi, chance["features"].get(name), limits["features"].get(name), language)
        | {"says": meaning(name, language)}
        for name, psi in known
    ]
    return {
        "rows_compared": told["rows"],
        "look": formats.number(PSI_LOOK, language, 2),
        "shifted": formats.number(PSI_SHIFTED, language, 2),
        "whole": [
            _row(name, told[f"{name}_psi"], chance[name], limits[name], language)
            for name in ("score", "reasons")
        ],
        "features": features,
        "chart": _chart(known[:DRAWN], limits["features"], language) if known else None,
    }


def guards(evaluation: Document, language: Language) -> Row:
    """What was looked for that would make the model too good to be true."""
    told = evaluation["guards"]
    return {
        "passed": told["passed"],
        "moved": told["moved_features"],
        "implausible": told["implausible_features"],
        "implausible_auc": formats.number(told["implausible_auc"], language, 2),
        "histories": told["histories"],
        "strongest": [
            {
                "name": each["name"],
                "auc": formats.number(each["auc"], language, 3),
                "says": meaning(each["name"], language),
            }
            for each in told["strongest_features"]
        ],
    }


def standing(evaluation: Document, language: Language) -> Row:
    """How ability and willingness agree with what is known to be true of accounts."""
    told = evaluation["standing"]
    return {
        "measured": told["measured"],
        "valid": told["valid"],
        "n": told["n"],
        "rows": [
            {
                "name": name,
                "own": formats.number(told[name]["own"], language, 2),
                "other": formats.number(told[name]["other"], language, 2),
            }
            for name in ("ability", "willingness")
        ],
    }


def _row(
    name: str, psi: float | None, chance: float | None, limit: float | None, language: Language
) -> Row:
    return {
        "name": name,
        "psi": formats.number(psi, language, 3),
        "chance": formats.number(chance, language, 3),
        "limit": formats.number(limit, language, 3),
        "reading": drift_of(psi, limit),
    }


def _chart(
    features: list[tuple[str, float]], limits: Mapping[str, float | None], language: Language
) -> dict[str, Any]:
    names = [name for name, _ in features]
    bounds = (("look", PSI_LOOK), ("shifted", PSI_SHIFTED))
    return across(
        names,
        [
            Series("PSI", [psi for _, psi in features], "bar", 0),
            Series(
                LABELS["model_chance_limit"].of(language),
                [limits.get(name) for name in names],
                "points",
                1,
            ),
            *(
                Series(
                    LABELS[f"model_psi_{code}"].of(language),
                    [bound] * len(names),
                    "line",
                    number,
                    dashed=True,
                )
                for number, (code, bound) in enumerate(bounds, start=2)
            ),
        ],
        Axis("PSI"),
    )
