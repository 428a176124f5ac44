"""``pybp info``: version, instruction sets, threads."""

import argparse
import platform
from typing import Any

import numpy as np

import pybp
from pybp import _core

__all__ = ["add_info"]


def add_info(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "info",
        help="show version, instruction sets and threads",
        description="Show the version, the instruction sets and the number of threads, each with the reason.",
    )
    parser.set_defaults(command=info)


def info(arguments: argparse.Namespace) -> int:
    """Print version, kernels, threads, Python and NumPy; return the exit code."""
    threads, why = _core.default_threads()
    compiled = [
        name if _core.isa_usable(name) else f"{name} (not on this CPU)"
        for name in _core.isa_compiled()
    ]
    rows = {
        "pybp": pybp.__version__,
        "kernels": f"{_core.isa()} ({_core.isa_reason()})",
        "compiled in": ", ".join(compiled),
        "threads": f"{threads} ({why})",
        "Python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "NumPy": np.__version__,
    }
    for name, value in rows.items():
        print(f"{name:<12} {value}")
    return 0
