"""Signing in with a key, and out."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from service.errors import ProblemError
from service.review.addresses import SIGN_IN, SIGN_OUT, led_from, local
from service.review.asked import Asked, AskedOf
from service.review.forms import Form, FormOf, form_of
from service.review.labels.signing_in import SIGNING_IN_LABELS
from service.review.rendering import page
from service.security.callers import scopes
from service.security.cookies import clear_cookie, set_cookie
from service.security.door import Door
from service.security.sessions import IDLE, LASTS
from service.traces import PROBLEM

router = APIRouter(include_in_schema=False)


async def _door(request: Request) -> Door | None:
    door: Door | None = request.app.state.door
    return door


DoorOf = Annotated[Door | None, Depends(_door)]


async def _key_form(request: Request, door: DoorOf) -> Form | None:
    """The form that was sent; None from a browser that has signed in since it was shown.

    In another tab, as happens where several were open when the session ended.
    """
    try:
        return await form_of(request)
    except ProblemError as problem:
        if problem.kind != "forbidden" or door is None or not await door.signed_in(request.scope):
            raise
        return None


KeyFormOf = Annotated[Form | None, Depends(_key_form)]


@router.get(SIGN_IN)
async def sign_in(request: Request, asked: AskedOf, door: DoorOf) -> Response:
    """The page to sign in at; whoever has signed in already is led on."""
    address = local(request.query_params.get("next", ""))
    if door is None or await door.signed_in(request.scope):
        return RedirectResponse(address, 303)
    return _page(asked, address, lost="lost" in request.query_params)


@router.post(SIGN_IN)
async def enter(request: Request, asked: AskedOf, door: DoorOf, form: KeyFormOf) -> Response:
    """Open a session with the key that was sent, and lead on."""
    if form is None:
        return RedirectResponse(led_from(request), 303)
    address, key = local(form.get("next", "")), form.get("key", "").strip()
    response = RedirectResponse(address, 303)
    if door is None:
        return response
    if not key:
        return _page(asked, address, "sign_in_missing", 422)
    try:
        value = await door.sign_in(key, request.scope)
    except ProblemError as problem:
        wrong = f"sign_in_{problem.kind}"
        if wrong not in SIGNING_IN_LABELS:
            raise
        request.scope[PROBLEM] = problem.kind
        refused = _page(asked, address, wrong, problem.status)
        refused.headers.update(problem.headers)
        return refused
    response.headers["set-cookie"] = set_cookie(request.scope, value)
    return response


@router.post(SIGN_OUT)
@scopes("review")
async def leave(request: Request, door: DoorOf, form: FormOf) -> Response:
    """End the session; what is open in other tabs of the browser ends with it."""
    if door is not None:
        await door.sign_out(request.scope)
    return RedirectResponse(SIGN_IN, 303, {"Set-Cookie": clear_cookie(request.scope)})


def _page(
    asked: Asked, address: str, wrong: str | None = None, status: int = 200, *, lost: bool = False
) -> Response:
    """The form; `wrong` names what is told of the key that was sent."""
    here = asked._replace(here=f"{SIGN_IN}?{urlencode({'next': address})}")
    hours = {"lasts": LASTS.seconds // 3600, "idle": IDLE.seconds // 3600}
    return page(
        "sign_in.html", here, status=status, next=address, wrong=wrong, lost=lost, hours=hours
    )
