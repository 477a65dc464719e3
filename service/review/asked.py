"""What a page is asked by: the language, who reads it, and where it is."""

from typing import Annotated, NamedTuple, get_args
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends
from starlette.requests import Request

from models.score.reasons import Language
from service.api.common import language_of
from service.headers import headers_of
from service.security.callers import LOCAL, Caller

LANGUAGE_COOKIE = "curescore_language"
QUEUE = "/review"


class Asked(NamedTuple):
    """The request of a page.

    `chosen`: the language was asked for here and is to be remembered. `csrf` is what a form has to
    send back. `here` is the address that shows this page, without the language.
    """

    language: Language
    chosen: bool
    caller: Caller | None
    csrf: str
    here: str

    def with_language(self, language: Language) -> str:
        """The address of this page in a language."""
        return self.with_query(lang=language)

    @property
    def signed_in(self) -> bool:
        """Whether there is a session to sign out of."""
        return self.caller is not None and self.caller != LOCAL

    def is_within(self, address: str) -> bool:
        """Whether this page is at that address of the navigation, or belongs to it."""
        path = self.here.partition("?")[0]
        if address == QUEUE:
            return path == QUEUE or path.startswith(f"{QUEUE}/decisions")
        return path == address or path.startswith(f"{address}/")

    def with_query(self, **more: str) -> str:
        """The address of this page with these parameters in place of its own of that name."""
        path, _, query = self.here.partition("?")
        return f"{path}?{urlencode(dict(parse_qsl(query)) | more)}"


def asked_of(request: Request) -> Asked:
    """What a request for a page asks."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    told = request.query_params.get("lang")
    if told not in get_args(Language):
        told = None
    remembered = request.cookies.get(LANGUAGE_COOKIE)
    accepted = headers_of(request.scope).get("accept-language", "en")
    path = request.url.path
    return Asked(
        language_of(told or remembered or accepted),
        told is not None,
        getattr(request.state, "caller", None),
        getattr(request.state, "csrf", ""),
        f"{path}?{urlencode(query)}" if query else path,
    )


async def _asked(request: Request) -> Asked:
    return asked_of(request)


AskedOf = Annotated[Asked, Depends(_asked)]
