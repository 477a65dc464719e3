"""Problems as people see them: a page, or the one to sign in at."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from service.errors import ERRORS_SHOWN, ProblemError
from service.headers import headers_of
from service.review.addresses import came_from, to_sign_in
from service.review.asked import asked_of
from service.review.labels.problems import REMEDIES, TITLES
from service.review.rendering import page
from service.security.cookies import is_page
from service.traces import CURRENT, PROBLEM


def answered(request: Request, problem: ProblemError) -> Response:
    """The answer to a request that met a problem: a page to a browser at a page, else JSON."""
    if not _reads_pages(request):
        return problem.response()
    request.scope[PROBLEM] = problem.kind
    if problem.kind == "unauthorised":
        return RedirectResponse(to_sign_in(request), 303)
    asked, trace, back = asked_of(request), CURRENT.get(), came_from(request)
    if request.method != "GET":  # what a form is sent to is no page of its own
        asked = asked._replace(here=back)
    response = page(
        "problem.html",
        asked,
        status=problem.status,
        title=TITLES[problem.kind].of(asked.language),
        remedy=REMEDIES[problem.kind].of(asked.language),
        problem=problem,
        errors=problem.errors[:ERRORS_SHOWN],
        request_id=trace.request_id if trace is not None and problem.status >= 500 else None,
        back=back,
    )
    response.headers.update(problem.headers)
    return response


def _reads_pages(request: Request) -> bool:
    accepted = headers_of(request.scope).get("accept", "")
    return is_page(request.scope["path"]) and "text/html" in accepted
