"""What is answered when a request cannot be served: RFC 9457 problem details.

Every kind of problem stands in `CATALOGUE`; its `type` never changes once published.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from models.refusal import Refusal
from service.traces import CURRENT, PROBLEM

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:curescore:problem:"
REQUEST_PREFIX = "urn:curescore:request:"
ERRORS_SHOWN = 20
VALUE_SHOWN = 80


class Kind(NamedTuple):
    """One kind of problem: its HTTP status, its title, and when it is answered."""

    status: int
    title: str
    meaning: str


CATALOGUE: dict[str, Kind] = {
    "malformed-json": Kind(
        400,
        "The body is not JSON",
        "Not UTF-8, not JSON, a key given twice, NaN or Infinity, half a surrogate pair, or "
        "nested too deeply.",
    ),
    "unauthorised": Kind(
        401, "A key is needed", "No key, an unknown key, or one that is revoked or expired."
    ),
    "forbidden": Kind(403, "This key may not do that", "The key's scope does not cover the call."),
    "not-found": Kind(404, "There is no such thing", "No such address, or no such decision."),
    "method-not-allowed": Kind(
        405, "This address does not take that method", "See the Allow header."
    ),
    "body-too-slow": Kind(
        408, "The body did not arrive in time", "Send it at once, or fewer accounts per request."
    ),
    "body-too-large": Kind(413, "The body is too large", "Send fewer accounts per request."),
    "already-superseded": Kind(
        409,
        "Another decision has taken its place",
        "`superseded_by` names it; read that one.",
    ),
    "beyond-a-rule": Kind(
        409,
        "A rule takes this level away",
        "`rules` names the rules, `allowed_levels` the levels that are left.",
    ),
    "decision-expired": Kind(
        409, "The decision is no longer valid", "Ask for a new decision on the account."
    ),
    "decided-otherwise": Kind(
        409,
        "The decision cannot be made anew here",
        "Another version decided, what decided is gone, or the account cannot be decided any more. "
        "Ask for a new decision.",
    ),
    "level-unchanged": Kind(409, "It is the decision's level already", "There is nothing to give."),
    "not-proposed": Kind(409, "Nothing waits for approval", "Only what is proposed is approved."),
    "own-decision": Kind(
        403, "Another person has to approve", "Nobody approves what they decided themselves."
    ),
    "idempotency-in-flight": Kind(
        409,
        "A request with this Idempotency-Key is being answered",
        "Send it again later: it then gets the first answer.",
    ),
    "event-of-another-account": Kind(
        409,
        "An id is that of another account's event",
        "`errors` lists each one; nothing was recorded.",
    ),
    "visit-out-of-order": Kind(
        409,
        "The visit is not at that step",
        "Planned, made, recorded, followed up as often as needed, closed; or planned and called "
        "off.",
    ),
    "visit-not-decided": Kind(
        409,
        "No decision allows the visit",
        "A visit is planned on an effective decision of level 4 that allows it and is still valid.",
    ),
    "visit-not-agreed": Kind(
        409,
        "No appointment was agreed",
        "Send the contact in which it was agreed first, with its `appointment_at`.",
    ),
    "unsupported-media-type": Kind(
        415, "The body's kind is not understood", "Content-Type must be application/json, plain."
    ),
    "validation": Kind(
        422, "The request does not meet the schema", "`errors` lists each field, bounded in number."
    ),
    "no-model-for-stage": Kind(
        422, "No model serves this stage", "The models that are loaded cannot score the account."
    ),
    "currency-mismatch": Kind(
        422, "Another currency than the model's", "Amounts are never converted."
    ),
    "no-statement": Kind(422, "No statement is known", "None was known yet at as_of."),
    "account-ended": Kind(
        422,
        "The account is no longer open",
        "The last statement says restructured, paid off, charged off or sold.",
    ),
    "nothing-owed": Kind(422, "Nothing is owed", "There is nothing to decide."),
    "idempotency-key-reused": Kind(
        422,
        "This Idempotency-Key was sent with another body",
        "A key stands for one body; a new body takes a new key.",
    ),
    "rate-limited": Kind(
        429,
        "Too many calls",
        "The key may not call so often, or too many keys were tried. See Retry-After.",
    ),
    "internal": Kind(500, "The service failed", "Nothing about the cause is shown."),
    "overloaded": Kind(
        503,
        "Too many requests at once",
        "More than can be answered soon; nothing was decided. Try again after Retry-After.",
    ),
    "unavailable": Kind(
        503, "The service cannot answer now", "Database out of reach, or full; try again later."
    ),
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: its JSON pointer (or query parameter), the problem, and the remedy.

    `value` is shown as bounded text; None where there is none to show.
    """

    pointer: str
    problem: str
    remedy: str
    value: str | None = None
    parameter: str | None = None

    def body(self) -> dict[str, Any]:
        """As it is answered."""
        place = {"parameter": self.parameter} if self.parameter else {"pointer": self.pointer}
        value = {} if self.value is None else {"value": self.value}
        return {**place, "problem": self.problem, **value, "remedy": self.remedy}


@dataclass(eq=False)
class ProblemError(Exception):
    """A problem of a kind in CATALOGUE, raised anywhere below a route."""

    kind: str
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict)  # of this kind of problem alone

    @property
    def status(self) -> int:
        """HTTP status of the kind."""
        return CATALOGUE[self.kind].status

    def body(self) -> dict[str, Any]:
        """The problem details as they are answered; at most ERRORS_SHOWN errors."""
        kind = CATALOGUE[self.kind]
        details: dict[str, Any] = {
            "type": TYPE_PREFIX + self.kind,
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
            **self.members,
        }
        if self.errors:
            details["errors"] = [error.body() for error in self.errors[:ERRORS_SHOWN]]
        return details

    def response(self) -> Response:
        """The whole answer; of a failure it names the request, as the log does."""
        body, trace = self.body(), CURRENT.get()
        if self.status >= 500 and trace is not None:
            body["instance"] = REQUEST_PREFIX + trace.request_id
        content = json.dumps(body, ensure_ascii=False).encode()
        return _Problem(self.kind, content, self.status, dict(self.headers))


class _Problem(Response):
    """Tells those who count requests what kind of problem it is."""

    media_type = MEDIA_TYPE

    def __init__(self, kind: str, content: bytes, status: int, headers: dict[str, str]) -> None:
        super().__init__(content, status, headers)
        self._kind = kind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        scope[PROBLEM] = self._kind
        await super().__call__(scope, receive, send)


def invalid(errors: Sequence[FieldError]) -> ProblemError:
    """The problem of a body (or query) whose fields are wrong."""
    count = len(errors)
    noun = "field is" if count == 1 else "fields are"
    more = f" The first {ERRORS_SHOWN} are listed." if count > ERRORS_SHOWN else ""
    return ProblemError("validation", f"{count} {noun} wrong.{more}", errors)


def unavailable(detail: str = "The database cannot be used right now.") -> ProblemError:
    """The problem of a service that cannot do its work right now."""
    return ProblemError("unavailable", detail, headers={"Retry-After": "1"})


def failed() -> ProblemError:
    """The problem of a service that failed for a reason of its own."""
    return ProblemError("internal", "The cause stands in the service's log.")


def refused(refusal: Refusal, prefix: str = "") -> ProblemError:
    """The problem of an account that could not be decided; `prefix` leads to its body."""
    value = None if refusal.value is None else shown(refusal.value)
    remedy = _sentence(refusal.remedy)
    error = FieldError(prefix + refusal.pointer, refusal.problem, remedy, value)
    return ProblemError(refusal.kind, f"{_sentence(refusal.problem)} {remedy}", [error])


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


def shown(value: object) -> str:
    """`value` as text that is safe to answer: bounded, and cheap however large it is."""
    if isinstance(value, dict):
        return f"an object of {len(value)} fields"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        cut = value[: VALUE_SHOWN + 1]
        text = json.dumps(cut[:VALUE_SHOWN], ensure_ascii=not cut.isprintable())
        return text if len(value) <= VALUE_SHOWN else f"{text}…"
    if isinstance(value, int) and not -(10**VALUE_SHOWN) < value < 10**VALUE_SHOWN:
        return "a number of more than 80 digits"
    return json.dumps(value, default=str)[:VALUE_SHOWN]


def pointer(parts: Sequence[str | int]) -> str:
    """JSON pointer (RFC 6901) of a path of field names and positions."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "".join(f"/{part[:VALUE_SHOWN]}" for part in escaped)
