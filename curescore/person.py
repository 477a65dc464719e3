"""Who runs a command, as the log names them."""

import getpass
import os


def actor() -> str:
    """The user's name."""
    try:
        return getpass.getuser()
    except KeyError:  # in a container, a user that has no name
        return f"uid {os.getuid()}"
