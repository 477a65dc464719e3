"""The command line: wires training and service."""

from importlib.metadata import version

__version__ = version("curescore")
