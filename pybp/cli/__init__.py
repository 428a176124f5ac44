"""The command ``pybp``."""

from pybp.cli.command import main

__all__ = ["main"]
