"""What is used of numba, typed as it is used: a compiled function is called as it was written.

numba's own stubs (0.68) give `@njit` functions a type that cannot be called.
"""

from collections.abc import Callable
from typing import Any, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])

@overload
def njit(function: F, /, *, cache: bool = False, nogil: bool = False, **options: Any) -> F: ...
@overload
def njit(*, cache: bool = False, nogil: bool = False, **options: Any) -> Callable[[F], F]: ...
