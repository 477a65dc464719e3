"""Review pages: the latest decisions, and one page per decision."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from starlette.responses import FileResponse, RedirectResponse, Response

from models.intensity.words import CHANNEL_NAMES, LEVELS, RULES, TREATMENTS, told, took_away
from models.score.reasons import Language
from service.api.common import PartsOf, language_of
from service.api.decisions import find
from service.decisions import Query as LogQuery
from service.records import Record, shown
from service.review.rendering import page
from service.security import scopes

router = APIRouter(include_in_schema=False)

LATEST = 50
REASONS_ON_PAGE = 12
BAR_HALF = 100.0  # half the width of a bar's box, in its own units
STYLE = Path(__file__).parent / "static" / "style.css"

LanguageQuery = Annotated[str | None, Query(alias="lang")]
AcceptLanguage = Annotated[str, Header()]


@router.get("/")
@scopes("review")
async def home() -> Response:
    """The first page is the list of decisions."""
    return RedirectResponse("/review", 307)


@router.get("/review/style.css")
@scopes("score", "review")
async def style() -> Response:
    """The style of all pages."""
    return FileResponse(STYLE, media_type="text/css")


@router.get("/review")
@scopes("review")
def latest(
    parts: PartsOf, lang: LanguageQuery = None, accept_language: AcceptLanguage = "en"
) -> Response:
    """The latest decisions, each with a link."""
    language = language_of(lang or accept_language)
    records = parts.log.search(LogQuery(), LATEST)
    return page("decisions.html", language=language, records=records, levels=_level_names(language))


@router.get("/review/decisions/{decision_id}")
@scopes("review")
def decision(
    parts: PartsOf,
    decision_id: str,
    lang: LanguageQuery = None,
    accept_language: AcceptLanguage = "en",
) -> Response:
    """One decision as it was recorded."""
    language = language_of(lang or accept_language)
    record = shown(find(parts, decision_id), REASONS_ON_PAGE, language)
    return page(
        "decision.html",
        language=language,
        record=record,
        rows=_shares(record),
        level_names=_level_names(language),
        treatment=told(TREATMENTS, record["intensity"]["treatment"], language),
        channels=[
            told(CHANNEL_NAMES, channel, language) for channel in record["intensity"]["channels"]
        ],
        rules=[_rule(rule, language) for rule in record["intensity"]["binding_rules"]],
        levels=[_level(level, language) for level in record["intensity"]["levels"]],
    )


def _level_names(language: Language) -> dict[str, str]:
    return {name: words.of(language) for name, words in LEVELS.items()}


def _rule(rule: dict[str, Any], language: Language) -> dict[str, str]:
    return {
        "rule": told(RULES, rule["rule"], language),
        "citation": rule["citation"],
        "took_away": took_away(rule["took_away"], language),
    }


def _level(level: dict[str, Any], language: Language) -> dict[str, Any]:
    name = list(LEVELS)[level["level"]]
    return {
        "level": level["level"],
        "name": LEVELS[name].of(language),
        "allowed": level["allowed"],
        "taken_by": told(RULES, level["taken_by"], language) if level["taken_by"] else "",
    }


def _shares(record: Record) -> list[dict[str, Any]]:
    """The reasons with their bars, the longest of which fills half a box."""
    reasons = record["reasons"]
    longest = max((abs(reason["contribution"]) for reason in reasons), default=0.0) or 1.0
    rows = []
    for reason in reasons:
        width = BAR_HALF * abs(reason["contribution"]) / longest
        raises = reason["contribution"] > 0
        left = BAR_HALF if raises else BAR_HALF - width
        rows.append({**reason, "left": f"{left:.1f}", "width": f"{width:.1f}", "raises": raises})
    return rows
