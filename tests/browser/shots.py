"""Pictures of every page, at both widths, in light and dark, in both languages.

python -m tests.browser.shots FOLDER [PAGE …]    of all pages, or of those with these names

What the pages show is made once and kept in FOLDER/world.
"""

import sys
from collections.abc import Collection
from pathlib import Path
from typing import get_args

from tests.browser.pages import SIGN_IN, addresses
from tests.browser.visitor import HEIGHTS, Language, Scheme, Visitor, started, visiting
from tests.browser.world import World, world

SETTLED_MS = 150  # for charts to be drawn anew


def main(folder: Path, wanted: Collection[str]) -> None:
    """Take the pictures, named PAGE-LANGUAGE-WIDTH-SCHEME.png."""
    with world(folder / "world") as there, started() as browser:
        for language in get_args(Language):
            for scheme in get_args(Scheme):
                with visiting(browser, there.address, language=language, scheme=scheme) as visitor:
                    _take(visitor, there, folder, f"{language}-{{}}-{scheme}", wanted)
    print(f"pictures: {folder}")


def _take(visitor: Visitor, there: World, folder: Path, name: str, wanted: Collection[str]) -> None:
    visitor.open(SIGN_IN)
    _picture(visitor, folder, f"sign-in-{name}")
    visitor.sign_in(there.keys["anna"])
    for page, address in addresses(there).items():
        if not wanted or page in wanted:
            visitor.open(address)
            _picture(visitor, folder, f"{page}-{name}")
    for wrong in visitor.wrong:
        print(f"went wrong: {wrong}")
    visitor.wrong.clear()


def _picture(visitor: Visitor, folder: Path, name: str) -> None:
    """The whole page at each width."""
    for width, height in HEIGHTS.items():
        visitor.page.set_viewport_size({"width": width, "height": height})
        visitor.page.wait_for_timeout(SETTLED_MS)
        path = folder / f"{name.format(width)}.png"
        visitor.page.screenshot(path=path, full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
