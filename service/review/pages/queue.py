"""The queue of decisions: what waits for a reviewer, and the search of all that was decided."""

from typing import NamedTuple

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from features.tables import ID_LENGTH
from service.api.common import Parts, PartsOf
from service.log.decisions import Query
from service.log.ordered import OrderedPage, first_cursor, ordered, waiting
from service.review.asked import QUEUE, Asked, AskedOf
from service.review.forms import FormOf
from service.review.queue.choices import applied, choices
from service.review.queue.filters import ACCOUNT, Asking, Filters, asking
from service.review.queue.listed import rows, table
from service.review.rendering import page
from service.security.callers import scopes

router = APIRouter(include_in_schema=False)

COUNTED = 100  # proposals that wait; of more it is said that they are more
CSV = "/review/decisions.csv"
WAITING = f"{QUEUE}?status=proposed"


class _Account(NamedTuple):
    """The account that is looked for: the text of its field, and the label of what is wrong."""

    sent: str = ""
    wrong: str | None = None


class _Found(NamedTuple):
    """The decisions that were asked for, and what asked for them."""

    page: OrderedPage
    filters: Filters

    @property
    def is_short(self) -> bool:
        """Whether there may be more, though the page is not full."""
        return self.page.next is not None and len(self.page.records) < self.filters.size


@router.get("/")
@scopes("review")
async def home() -> Response:
    """The first page is the list of decisions."""
    return RedirectResponse(QUEUE, 307)


@router.get(QUEUE)
@scopes("review")
def queue(request: Request, parts: PartsOf, asked: AskedOf) -> Response:
    """The decisions that were asked for, page by page."""
    wanted = asking(request.query_params)
    found = _found(parts, wanted)
    return _page(parts, asked, wanted, found, status=422 if found is None else 200)


@router.get(CSV)
@scopes("review")
def listed(request: Request, parts: PartsOf, asked: AskedOf) -> Response:
    """What the page of the same parameters shows, as a table."""
    wanted = asking(request.query_params)
    found = _found(parts, wanted)
    if found is None:
        return _page(parts, asked._replace(here=wanted.address()), wanted, None, status=422)
    now = parts.clock()
    headers = {"Content-Disposition": f'attachment; filename="decisions-{now:%Y-%m-%d}.csv"'}
    return Response(table(found.page.records, now), 200, headers, "text/csv")


@router.post("/review/search")
@scopes("review")
def search(parts: PartsOf, form: FormOf, asked: AskedOf) -> Response:
    """The way to an account's decisions: its id stands in no address, but one of a decision does.

    The filters that the form sends along are kept.
    """
    wanted = asking(form)
    there = asked._replace(here=wanted.address())
    typed = form.get("account", "")
    account = _Account(typed.strip())
    if wanted.wrong:
        return _page(parts, there, wanted, None, account, status=422)
    if not 0 < len(account.sent) <= ID_LENGTH or not account.sent.isprintable():
        account = _Account(account.sent[: 2 * ID_LENGTH], "queue_account_wrong")
        return _page(parts, there, wanted, None, account, status=422)
    # As it was typed first: an id may have spaces at its ends, and another the same without them.
    found = (parts.log.search(Query(account_id=each), 1).records for each in (typed, account.sent))
    newest = next(filter(None, found), None)
    if newest is None:
        account = account._replace(wrong="queue_account_unknown")
        return _page(parts, there, wanted, None, account, status=404)
    return RedirectResponse(wanted.address(**{ACCOUNT: newest[0]["decision_id"]}), 303)


def _found(parts: Parts, wanted: Asking) -> _Found | None:
    """The decisions, None where it is not well said which; then `wanted.wrong` tells why."""
    if wanted.wrong:
        return None
    filters = Filters(wanted.values)
    if ACCOUNT in wanted.values:
        record = parts.log.read(wanted.values[ACCOUNT])
        if record is None:
            wanted.wrong[ACCOUNT] = "queue_wrong_link"
            return None
        filters = filters._replace(account_id=record["account_id"])
    start = filters.cursor or first_cursor(parts.clock(), parts.current().policy.valid_days)
    try:
        return _Found(ordered(parts.log, filters.wanted, filters.size, start), filters)
    except ValueError:
        wanted.wrong["cursor"] = "queue_wrong_link"
        return None


def _page(
    parts: Parts,
    asked: Asked,
    wanted: Asking,
    found: _Found | None,
    account: _Account | None = None,
    *,
    status: int,
) -> Response:
    """The page with what was found; None: with what is wrong alone."""
    now, language, deciders = parts.clock(), asked.language, parts.log.deciders()
    filters = Filters(wanted.values) if found is None else found.filters
    return page(
        "queue.html",
        asked,
        status=status,
        wanted=wanted,
        account=account or _Account(),
        account_id=filters.account_id,
        links=_links(wanted, found),
        waits=waiting(parts.log, now, parts.current().policy.valid_days, COUNTED),
        counted=COUNTED,
        choices=choices(filters, wanted.sent, deciders, language),
        applied=applied(wanted, deciders, language),
        rows=None if found is None else rows(found.page.records, now, language),
        few=found is not None and found.is_short,
        over=found is None or found.page.next is None,
        none_yet=found is not None and not wanted.narrowed and not _any(parts),
    )


def _links(wanted: Asking, found: _Found | None) -> dict[str, str | None]:
    """Where the page leads to; None where there is nothing."""
    after = None if found is None else found.page.next
    return {
        "csv": wanted.address(CSV, cursor=wanted.sent.get("cursor", "")),
        "next": None if after is None else wanted.address(cursor=str(after)),
        "first": wanted.address() if "cursor" in wanted.sent else None,
        "all": QUEUE,
        "all_accounts": wanted.without(ACCOUNT),
        "waiting": WAITING,
    }


def _any(parts: Parts) -> bool:
    return bool(parts.log.search(Query(), 1).records)
