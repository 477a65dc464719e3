"""Panel -> matrix: the one path by which features are computed.

A request, a nightly file and a training snapshot all pass through `matrix`, which runs plain
loops over one account's months and events at a time; so a row does not depend on its company.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba import njit

from features.catalogue import CATALOGUE
from features.compiled import LOOP
from features.definition import definition_sha256
from features.feature import Feature
from features.history import DERIVED, history
from features.panel import Floats, Panel, View

Loop = Callable[[Panel, View, Floats, Floats], None]


def matrix(panel: Panel, view: View) -> Floats:
    """Every feature of the catalogue, in its order: rows of the view × features.

    A row without any statement is all NaN.
    """
    out = np.empty((len(view.row), len(CATALOGUE)))
    _fill(panel, view, out, np.empty((DERIVED, panel.day.shape[1])))
    return out


def _compile(features: Sequence[Feature]) -> Loop:
    """One compiled loop that calls every feature function.

    The loop is written out, one line per feature, because only then can the compiler see
    through the calls. Its name carries the digest of all it calls and of how it is compiled:
    numba's cache looks at the loop's own code alone and would go on using a feature that has
    since changed.
    """
    parts = [definition_sha256(history), repr(LOOP), *(f.definition_sha256 for f in features)]
    name = "fill_" + hashlib.sha256("".join(parts).encode()).hexdigest()[:16]
    lines = [
        f"def {name}(panel, view, out, scratch):",
        "    for i in range(len(view.row)):",
        "        if view.stop[i] > panel.first[view.row[i]]:",
        "            h = history(panel, view, i, scratch)",
        *(f"            out[i, {k}] = feature_{k}(h)" for k in range(len(features))),
        "        else:",
        "            out[i, :] = np.nan",
    ]
    scope: dict[str, Any] = {f"feature_{k}": f.function for k, f in enumerate(features)}
    scope |= {"history": history, "np": np, "__name__": __name__}
    exec(compile("\n".join(lines), __file__, "exec"), scope)  # nosec B102  # noqa: S102 (ours)
    loop: Loop = njit(scope[name], cache=True, nogil=True, **LOOP)
    return loop


_fill = _compile(CATALOGUE)
