"""Parse the arguments of the command ``pybp`` and call the subcommand."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import pybp
from pybp.cli.demo import EPOCHS, GOAL, demo
from pybp.cli.info import info
from pybp.cli.screen import complain, silence
from pybp.errors import PybpError

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (default: those of the process); return the exit code."""
    if sys.stdout is None:
        complain("pybp: error: standard output is closed")
        return 1
    try:
        code = _run(argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        complain("\npybp: interrupted")
        return 130
    except PybpError as error:
        complain(f"pybp: error: {error}")
        return 1
    except OSError as error:
        silence(sys.stdout)
        if not isinstance(error, BrokenPipeError):  # whoever reads our output has seen enough
            complain(f"pybp: error: {error.strerror}")
        return 1
    return code


def _run(argv: Sequence[str] | None) -> int:
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit:  # --help, --version or a wrong argument
        sys.stdout.flush()
        raise
    code: int = arguments.command(arguments)
    return code


class _Parser(argparse.ArgumentParser):
    def _print_message(self, message: str, file: Any = None) -> None:
        """Write --help and --version, and say so if that can't be done; or what is wrong with an argument."""
        if file is sys.stdout:
            file.write(message)
        else:
            complain(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="pybp", description="Multilayer perceptrons, trained by backpropagation.")
    parser.add_argument("--version", action="version", version=f"pybp {pybp.__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    demo_parser = commands.add_parser(
        "demo",
        help="train a classifier of handwritten digits",
        description="Train a net on 1,438 handwritten digits and test it on 359 others. "
        f"The exit code is 0 if it gets {GOAL:.0%} of these right and its gradients are correct.",
    )
    demo_parser.add_argument("--epochs", type=_count, default=EPOCHS, help="default: %(default)s")
    demo_parser.add_argument(
        "--seed",
        type=_seed,
        default=0,
        help="seed of the net's random numbers (default: %(default)s)",
    )
    demo_parser.add_argument(
        "--threads", type=_count, help="default: the number that `pybp info` shows"
    )
    demo_parser.set_defaults(command=demo)

    info_parser = commands.add_parser(
        "info",
        help="show version, instruction sets and threads",
        description="Show the version, the instruction sets and the number of threads, each with the reason.",
    )
    info_parser.set_defaults(command=info)
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number >= 1")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 2^64 - 1")
    return int(text)
