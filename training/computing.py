"""Where training computes: in this process, unless it is told of others."""

from typing import Protocol

from features.matrix import matrix
from features.panel import Floats, Panel, View
from training.learning import Learner, learn
from training.progress import Progress


class Computing(Protocol):
    """Computes the features of snapshots and fits boosters."""

    @property
    def learn(self) -> Learner:
        """Who fits boosters."""

    def matrix(self, history: Panel, view: View, progress: Progress, /) -> Floats:
        """What features.matrix computes; the view's rows stand in the order of the accounts."""


class Here:
    """Computes in this process."""

    learn: Learner = staticmethod(learn)

    def matrix(self, history: Panel, view: View, progress: Progress, /) -> Floats:
        """What features.matrix computes."""
        return matrix(history, view)
