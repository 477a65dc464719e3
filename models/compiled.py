"""How loops over accounts are compiled, with all that they call."""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit
from numba.extending import register_jitable

from features.compiled import LOOP
from features.definition import definition_sha256

F = TypeVar("F", bound=Callable[..., Any])


def compiled_call(function: F) -> F:
    """As features.compiled.compiled, but called: for what is long and called in many places."""
    part: F = register_jitable(**LOOP, no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    return part


def compiled_loop(function: F) -> F:
    """The function compiled together with what it calls; it may not allocate.

    Its name in numba's cache carries the digest of it all and of how it is compiled: by itself
    the cache would go on using a called function that has since changed. To be called at the end
    of a module, since the digest takes in only what has been defined.
    """
    digest = definition_sha256(function)[:16]
    function.__qualname__ = f"{function.__name__}_{digest}_{'_'.join(map(str, LOOP.values()))}"
    loop: F = njit(function, cache=True, nogil=True, **LOOP)
    return loop
