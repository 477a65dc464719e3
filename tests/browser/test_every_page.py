"""Every page in a real browser: within its width, open to everybody, drawn, and asking nobody."""

from collections.abc import Callable, Collection
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Visit
from tests.browser.pages import ALIKE, SIGN_IN, addresses
from tests.browser.visitor import HEIGHTS, Language, Scheme, Visitor
from tests.browser.world import World

# MLflow 3.17 on SQLAlchemy 2.1: theirs to mend.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")

RULES = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
}
LEAST_DRAWN = 10  # pixels in a colour of the series

# What is folded away is looked at too.
_UNFOLD = "for (const each of document.querySelectorAll('details')) each.open = true"
_TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter(each => each.getBoundingClientRect().right > width + 1 && !each.closest(".scroll"))
    .slice(0, 5).map(each => each.outerHTML.slice(0, 100)).concat("scrolls sideways");
}"""
# How many pixels of each canvas are in the colours of series, be they faint.
_DRAWN = """() => {
  const colours = [0, 1, 2, 3, 4, 5].map(k => {
    const probe = document.createElement("span");
    probe.className = `colour series-${k}`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    return found;
  });
  return [...document.querySelectorAll("canvas")].map(canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const near = (i, colour) => colour.every((part, k) => Math.abs(data[i + k] - part) <= 4);
    let found = 0;
    for (let i = 0; i < data.length; i += 4)
      if (data[i + 3] > 64 && colours.some(colour => near(i, colour))) found++;
    return { label: canvas.getAttribute("aria-label"), found };
  });
}"""

Wrong = dict[str, list[Any]]


def signed_in(visit: Visit, there: World, **how: Any) -> Visitor:
    visitor = visit(**how)
    visitor.open(SIGN_IN)
    visitor.sign_in(there.keys["ben"])
    return visitor


def barriers(page: Page) -> list[Any]:
    """What keeps people from the page, as far as axe-core sees it."""
    violations = Axe().run(page, options=RULES).response["violations"]
    return [
        (each["id"], each["impact"], [node["target"] for node in each["nodes"][:3]])
        for each in violations
    ]


def wrong_of(
    visitor: Visitor,
    there: World,
    look: Callable[[Page], list[Any]],
    left_out: Collection[str] = (),
) -> Wrong:
    """What is wrong with each page, for those where something is; what is folded away too."""
    wrong = {}
    for name, address in addresses(there).items():
        if name not in left_out:
            visitor.open(address)
            visitor.page.evaluate(_UNFOLD)
            wrong[name] = look(visitor.page)
    return {name: found for name, found in wrong.items() if found}


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_everybody_can_read_and_do_it(
    visit: Visit, there: World, width: int, scheme: Scheme
) -> None:
    visitor = visit(width=width, scheme=scheme)
    visitor.open(SIGN_IN)
    assert barriers(visitor.page) == []
    visitor.sign_in(there.keys["ben"])
    assert wrong_of(visitor, there, barriers, ALIKE) == {}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", HEIGHTS)
def test_it_is_within_its_width(visit: Visit, there: World, language: Language, width: int) -> None:
    visitor = signed_in(visit, there, language=language, width=width)
    assert wrong_of(visitor, there, lambda page: list(page.evaluate(_TOO_WIDE))) == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_are_drawn(visit: Visit, there: World, scheme: Scheme) -> None:
    visitor = signed_in(visit, there, scheme=scheme)
    drawn = {}
    for name in ("decision", "decision-odd", "portfolio", "model", "policies"):
        visitor.open(addresses(there)[name])
        visitor.page.evaluate(_UNFOLD)
        drawn[name] = visitor.page.evaluate(_DRAWN)
    assert all(drawn.values()), drawn
    blank = {
        name: [each["label"] for each in charts if each["found"] < LEAST_DRAWN]
        for name, charts in drawn.items()
    }
    assert not any(blank.values()), blank
