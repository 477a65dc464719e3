"""Options that several commands have, and what their values stand for."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.population import Window
    from training.tracking import Tracker

AssignedData = Annotated[
    Path, typer.Option("--data", help="Folder of tables with assignments.", show_default=False)
]
AssignedFrom = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="First statement date before an assignment."),
]
AssignedUntil = Annotated[
    datetime | None,
    typer.Option("--until", formats=["%Y-%m-%d"], help="Last statement date before an assignment."),
]
Model = Annotated[
    str, typer.Option(help="Bundle folder, models:/NAME@ALIAS or models:/NAME/VERSION.")
]
CURE = "models:/cure@champion"


def window_of(start: datetime | None, until: datetime | None) -> "Window":
    """The window of statement dates that --from and --until bound."""
    from training.population import Window

    return Window(start and start.date(), until and until.date())


def served_policy(tracker: "Tracker") -> Path | None:
    """The file or folder of the policy that a service uses; None: the packaged one."""
    from service.settings import load_settings
    from training.registry import POLICY

    setting, version = load_settings().policy, tracker.champion(POLICY)
    return setting if setting or version is None else tracker.folder(POLICY, version)
