"""Parses the arguments of the command ``pybp`` and calls the subcommand."""

import argparse
import os
import sys
from collections.abc import Sequence

import pybp
from pybp.cli.demo import EPOCHS, GOAL, demo
from pybp.cli.info import info
from pybp.errors import PybpError

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (the process's own if None); return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.command(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\npybp: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except PybpError as error:
        print(f"pybp: error: {error}", file=sys.stderr)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pybp", description="Multilayer perceptrons, trained by backpropagation."
    )
    parser.add_argument("--version", action="version", version=f"pybp {pybp.__version__}")
    commands = parser.add_subparsers(required=True, metavar="command")

    of_demo = commands.add_parser(
        "demo",
        help="train a classifier of handwritten digits",
        description="Train a net on 1,438 handwritten digits and test it on 359 others. "
        f"The exit code is 0 if it gets {GOAL:.0%} of these right and its gradients are correct.",
    )
    of_demo.add_argument("--epochs", type=_count, default=EPOCHS, help="default: %(default)s")
    of_demo.add_argument(
        "--seed", type=_seed, default=0, help="of the weights (default: %(default)s)"
    )
    of_demo.add_argument("--threads", type=_count, help="default: as `pybp info` says")
    of_demo.set_defaults(command=demo)

    of_info = commands.add_parser(
        "info",
        help="show version, instruction sets and threads",
        description="Show the version, the instruction sets and the number of threads, and why.",
    )
    of_info.set_defaults(command=info)
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 upward")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 2^64 - 1")
    return int(text)
