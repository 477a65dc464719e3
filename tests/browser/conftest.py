"""A real browser and a real service for it: each is started once for the tests of a module."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.visitor import Visitor, started, visiting
from tests.browser.world import World, world

Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the session: while it is there, no other test can run an event loop of its own."""
    with started() as browser:
        yield browser


@pytest.fixture(scope="session")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("browser") / "home") as made:
        yield made


@pytest.fixture
def visit(browser: Browser, there: World) -> Iterator[Visit]:
    """Opens windows, in which nothing may go wrong until the test ends."""
    with ExitStack() as windows:

        def opened(**how: Any) -> Visitor:
            return windows.enter_context(visiting(browser, there.address, **how))

        yield opened
