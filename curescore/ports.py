"""Ports of this machine."""

import errno
import socket

from features.errors import InputError


def require_free(host: str, port: int) -> None:
    """InputError where another program listens on that port already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise InputError(
                "--port", "is in use on this machine", "Choose another (make run PORT=…)", port
            ) from None
