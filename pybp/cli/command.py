"""Parse the arguments of the command ``pybp`` and call the subcommand."""

import shlex
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import pybp
from pybp.cli.arguments import Parser
from pybp.cli.completion import add_completion
from pybp.cli.demo import add_demo
from pybp.cli.evaluate import add_evaluate, add_report
from pybp.cli.export import add_export
from pybp.cli.info import add_info
from pybp.cli.predict import add_predict
from pybp.cli.screen import complain, silence
from pybp.cli.show import add_show
from pybp.cli.train import add_train
from pybp.errors import PybpError

__all__ = ["main"]

_COMMANDS = (
    *(add_train, add_predict, add_evaluate, add_report, add_show, add_export),
    *(add_demo, add_info, add_completion),  # the last one knows those before it
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (default: those of the process); return the exit code.

    0: success; 1: an error, described in one line on standard error; 2: a wrong command line; 130: an
    interrupt.
    """
    if sys.stdout is None:
        complain("pybp: error: standard output is closed")
        return 1
    try:
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        complain("\npybp: interrupted")
        return 130
    except (PybpError, MemoryError) as error:
        complain(f"pybp: error: {_one_line(error)}")
        return 1
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # whoever reads our output has seen enough
            silence(sys.stdout)
            return 1
        if error.filename is None:
            silence(sys.stdout)
        where = "" if error.filename is None else f"{error.filename}: "
        complain(f"pybp: error: {where}{error.strerror or error}")
        return 1
    return code


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or "not enough memory"


def _run(argv: Sequence[str]) -> int:
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit:  # --help, --version or a wrong argument
        sys.stdout.flush()
        raise
    arguments.line = shlex.join(["pybp", *argv])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if getattr(arguments, "quiet", False) else "default")
        warnings.showwarning = _show_warning
        code: int = arguments.command(arguments)
    return code


def _show_warning(message: Warning | str, *place: Any, **more: Any) -> None:
    """Tell a warning in one line, without the place in the code."""
    complain(f"pybp: warning: {' '.join(str(message).split())}")


def _parser() -> Parser:
    parser = Parser(prog="pybp", description="Multilayer perceptrons, trained by backpropagation.")
    parser.add_argument("--version", action="version", version=f"pybp {pybp.__version__}")
    commands = parser.add_subparsers(required=True, metavar="command", parser_class=Parser)
    for add in _COMMANDS:
        add(commands)
    return parser
