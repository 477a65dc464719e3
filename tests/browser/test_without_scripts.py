"""The pages in a browser without JavaScript: all can be read and done, drawings apart."""

import pytest

from tests.browser.conftest import Visit
from tests.browser.pages import SIGN_IN, addresses
from tests.browser.world import World

# MLflow 3.17 on SQLAlchemy 2.1: theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


def test_a_decision_is_found_supposed_and_approved(visit: Visit, there: World) -> None:
    visitor = visit(scripts=False)
    page = visitor.page
    visitor.open("/review?status=proposed")
    visitor.sign_in(there.keys["ben"])
    proposed = there.proposed[-1]
    page.locator("#account").fill(proposed["account_id"])
    page.locator(".account-search button").click()
    page.locator(f"table.queue a[href$='{proposed['decision_id']}']").click()
    assert page.locator("dl dd").first.inner_text() == proposed["account_id"]

    decision = page.url
    page.locator("a[href$='/what-if']").first.click()
    page.locator("input[name='account.days_past_due']").fill("95")
    page.locator("form.suppose .buttons button").click()
    assert page.locator("#result").is_visible()

    page.goto(decision)
    page.locator("form[action$='/approve'] button").click()
    page.wait_for_url("**?done=approve")
    assert page.locator("[role=status]").is_visible()
    page.locator("form[action='/review/sign-out'] button").click()
    assert visitor.path.startswith(SIGN_IN)


def test_every_chart_has_its_numbers(visit: Visit, there: World) -> None:
    visitor = visit(scripts=False)
    visitor.open(SIGN_IN)
    visitor.sign_in(there.keys["ben"])
    charts = 0
    for address in addresses(there).values():
        visitor.open(address)
        for figure in visitor.page.locator("figure.chart").all():
            charts += 1
            figure.locator("summary").click()
            assert figure.locator("td").first.is_visible(), figure.inner_text()
    assert charts > 10
