from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

def register_jitable(**options: Any) -> Callable[[F], F]: ...
