"""The card of a model: what it is, what it was trained on, and since when it serves."""

from typing import Any

from features.catalogue import BY_NAME
from models.score.bundle import Bundle
from models.score.reasons import Language
from service.review import formats, intervals
from service.review.feature_words import meaning
from service.review.known_model import KnownModel
from service.served.evidence import Promotion, Registered
from service.served.following import ModelsStatus
from service.served.published import Refused

Row = dict[str, Any]

PUTS_IN_FORCE = ("first", "promote", "rollback")  # actions that make a version champion
GROUPS = ("ability", "willingness", "exposure", "contact")


def card(known: KnownModel, status: ModelsStatus, language: Language) -> Row:
    """What the card of a target shows; `served` is None where no model of it is served."""
    refused = [_refused(each) for each in status.refused if _is_of(each, known.target)]
    return {
        "target": known.target,
        "served": None if known.bundle is None else _served(known, known.bundle, language),
        "in_force": _in_force(known),
        "loaded_at": status.served.since.isoformat(),
        "challenger": None if known.challenger is None else known.challenger.version.version,
        "refused": refused,
    }


def registry(status: ModelsStatus) -> Row | None:
    """How the registry was found, and what of it is refused; None where none is watched."""
    watched = status.watched
    if watched is None:
        return None
    return {
        "looked_at": None if watched.looked_at is None else watched.looked_at.isoformat(),
        "answers": watched.answers,
        "problem": watched.problem,
        "refused": [_refused(each) for each in status.refused],
    }


def features(bundle: Bundle, language: Language) -> list[Row]:
    """The features of a model by group: name, group, unit, known direction, and what it says."""
    told = [BY_NAME[name] for name in bundle.features]
    return [
        {
            "name": each.name,
            "group": each.group,
            "unit": each.unit,
            "direction": each.monotone,
            "says": meaning(each.name, language),
        }
        for group in GROUPS
        for each in told
        if each.group == group
    ]


def settings(bundle: Bundle) -> list[Row]:
    """The settings that the model was trained with, by their own names."""
    return [
        {"name": name, "set": _set(value)}
        for name, value in _flat(bundle.training.get("settings", {}))
    ]


def in_force(registered: Registered | None, version: int | None) -> Promotion | None:
    """The newest promotion that put a version in force, where it is known."""
    if registered is None or version is None:
        return None
    found = (
        each
        for each in registered.promotions
        if each.to_version == version and each.action in PUTS_IN_FORCE
    )
    return next(found, None)


def _served(known: KnownModel, bundle: Bundle, language: Language) -> Row:
    training = bundle.training
    return {
        "name": known.name,
        "sha256": bundle.sha256,
        "horizon": bundle.outcome.horizon_cycles,
        "sustained": bundle.outcome.sustained,
        "currency": bundle.currency,
        "features": len(bundle.features),
        "from": training.get("from"),
        "until": training.get("until"),
        "test_from": training.get("test_from"),
        "n": training.get("n"),
        "accounts": training.get("accounts"),
        "target_rate": training.get("target_rate"),
        "trees": training.get("trees"),
        "data_sha256": training.get("data_sha256"),
        "code": training.get("version"),
        "run_id": None if known.served is None else known.served.version.run_id,
        "run_link": None if known.served is None else known.served.version.run_link,
        "signed": known.served is not None and known.served.version.signed,
        "test": _test(known, language),
    }


def _test(known: KnownModel, language: Language) -> Row | None:
    """How it did on the months after training, in short."""
    evaluation = None if known.served is None else known.served.evaluation
    if evaluation is None:
        return None
    test = evaluation["test"]
    band = test["ece_band"]
    return {
        "from": test["from"],
        "until": test["until"],
        "n": test["n"],
        "auc": intervals.number(test["auc"], test["auc_ci"], language),
        "slope": intervals.number(
            test["calibration_slope"], test["calibration_slope_ci"], language, 2
        ),
        "ece": formats.number(test["ece"], language, 3),
        "ece_limit": formats.number(band and band["p95"], language, 3),
        "within": test["ece_within_band"],
    }


def _in_force(known: KnownModel) -> Row | None:
    version = None if known.served is None else known.served.version.version
    found = in_force(known.registered, version)
    return None if found is None else {"at": found.at.isoformat(), "who": found.who}


def _is_of(refused: Refused, target: str) -> bool:
    """Whether a version of the target is refused: `cure/3`, or `cure@...` of a folder."""
    return refused.what.replace("@", "/").partition("/")[0] == target


def _refused(each: Refused) -> Row:
    return {
        "what": each.what,
        "kind": each.kind,
        "why": each.why,
        "since": each.since.isoformat(),
    }


def _flat(settings: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in settings.items():
        if isinstance(value, dict):
            found += _flat(value, f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}", value))
    return found


def _set(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
