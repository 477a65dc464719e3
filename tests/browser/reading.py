"""What a reader sees on a page: numbers as they are written, bars as they are drawn, focus."""

from decimal import Decimal
from typing import NamedTuple

from playwright.sync_api import Locator, Page

MOST_TABS = 120

# The element that has the focus: whether it is this one, and whether a reader sees where it is.
_FOCUSED = """selector => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  // The browser's own button inside a date has a ring of its own, and the field none.
  const inside = element.type === "date" && !element.matches(":focus");
  const shown = (outlined || inside) && box.width > 0 && box.height > 0;
  return {
    found: element.matches(selector),
    seen: element === document.body || shown,
    what: element.outerHTML.slice(0, 120),
  };
}"""


class Step(NamedTuple):
    """A step of a waterfall: what it is said to add, the total it is said to lead to, its bar.

    `width` is that of the bar on the screen, in pixels; `raises` is how it is coloured.
    """

    adds: Decimal
    total: Decimal
    width: float
    raises: bool


class Drawn(NamedTuple):
    """A waterfall as it is read: where it begins, its steps, and where it ends."""

    base: Decimal
    steps: list[Step]
    total: Decimal


def decimal(text: str) -> Decimal:
    """A number as it is written, with its sign."""
    return Decimal(text.strip().replace("−", "-").replace(",", ""))


def waterfall(page: Page) -> Drawn:
    """The first waterfall of the page, without what is folded away and what is summed up."""
    table = page.locator("table.waterfall").first

    def running(row: Locator) -> Decimal:
        return decimal(row.locator("> td.running").inner_text())

    steps = [
        Step(
            decimal(row.locator("> td.adds").inner_text()),
            running(row),
            row.locator("> td.bars rect").evaluate("bar => bar.getBoundingClientRect().width"),
            "raises" in str(row.locator("> td.bars rect").get_attribute("class")),
        )
        for row in table.locator("> tbody > tr.step").all()
    ]
    base, total = (table.locator(f"> * > tr.{kind}") for kind in ("base", "total"))
    return Drawn(running(base), steps, running(total))


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there; it has to be seen wherever it stops on the way."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED, selector)
        assert focused["seen"], focused["what"]
        if focused["found"]:
            return
    raise AssertionError(f"Tab never comes to {selector}")


def press(page: Page, selector: str) -> None:
    """Go there by Tab, and press Enter."""
    tab_to(page, selector)
    page.keyboard.press("Enter")
