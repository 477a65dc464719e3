"""How a feature and what it calls are compiled: into the one loop of features.matrix."""

from collections.abc import Callable
from typing import Any, TypeVar

from numba.extending import register_jitable

F = TypeVar("F", bound=Callable[..., Any])

# A division by zero gives what IEEE 754 says rather than an exception: every path to one costs
# time. Reference counts are left out: a history is some thirty arrays, and counting them cost
# twenty times what the features did. So nothing here may allocate (numba refuses to compile
# it), and only a loop compiled in the same way may hold a history.
LOOP: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
# Without a call in between; wrappers would only serve calls from Python, which run the plain
# function.
_INLINE: dict[str, Any] = {
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


def compiled(function: F) -> F:
    """The function, which becomes part of any compiled function that calls it.

    Called from Python it runs as it is written.
    """
    part: F = register_jitable(**LOOP, **_INLINE)(function)
    return part
