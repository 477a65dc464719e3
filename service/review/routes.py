"""The routers of all pages."""

from service.review import static_files
from service.review.pages import (
    acting,
    decision,
    docs,
    models,
    policies,
    portfolio,
    queue,
    signing_in,
    visit_list,
    visits,
    what_if,
)

PAGES = tuple(
    module.router
    for module in (
        queue,
        decision,
        what_if,
        acting,
        models,
        policies,
        portfolio,
        visit_list,
        visits,
        signing_in,
        docs,
        static_files,
    )
)
