"""Review pages: the latest decisions, and one page per decision."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import FileResponse, RedirectResponse, Response

from models.intensity.words.catalogue import told
from models.intensity.words.names import LEVELS
from models.intensity.words.overrides import REASONS
from models.score.reasons import Language
from service.api.common import PartsOf, language_of
from service.api.decisions import find
from service.log.decisions import Query as LogQuery
from service.log.records import Record, shown
from service.review.bars import bars
from service.review.level import level_view
from service.review.rendering import page
from service.security.callers import scopes

router = APIRouter(include_in_schema=False)

LATEST = 50
REASONS_ON_PAGE = 12
STYLE = Path(__file__).parent / "static" / "style.css"


async def _language(
    lang: Annotated[str | None, Query()] = None,
    accept_language: Annotated[str, Header()] = "en",
) -> Language:
    return language_of(lang or accept_language)


LanguageOf = Annotated[Language, Depends(_language)]


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
def latest(parts: PartsOf, language: LanguageOf) -> Response:
    """The latest decisions, each with a link."""
    records = parts.log.search(LogQuery(), LATEST).records
    return page("decisions.html", language=language, records=records, levels=_level_names(language))


@router.get("/review/decisions/{decision_id}")
@scopes("review")
def decision(parts: PartsOf, decision_id: str, language: LanguageOf) -> Response:
    """One decision as it was recorded."""
    record = shown(find(parts, decision_id), REASONS_ON_PAGE, language)
    return page(
        "decision.html",
        language=language,
        record=record,
        rows=_shares(record),
        level_names=_level_names(language),
        level=level_view(record, language),
        reason=_reason(record, language),
    )


def _level_names(language: Language) -> dict[str, str]:
    return {name: words.of(language) for name, words in LEVELS.items()}


def _reason(record: Record, language: Language) -> str | None:
    """Why a person made the decision, None where nobody did."""
    reason = record["override_reason"]
    return None if reason is None else told(REASONS, reason["code"], language)


def _shares(record: Record) -> list[dict[str, Any]]:
    """The reasons with their bars."""
    reasons = record["reasons"]
    drawn = bars([reason["contribution"] for reason in reasons])
    return [{**reason, "bar": bar} for reason, bar in zip(reasons, drawn, strict=True)]
