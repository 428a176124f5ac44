"""Parse the command line: kinds of arguments, and hints for misspelt options."""

import argparse
import difflib
import re
import sys
from typing import Any, NoReturn

from pybp.cli.screen import complain
from pybp.tabular.files import Dialect

__all__ = [
    "Parser",
    "add_file_options",
    "count",
    "dialect_of",
    "folds",
    "fraction",
    "names",
    "seconds",
    "seed",
]


_CHOICE = re.compile(r"invalid choice: '(.*?)' \(choose from (.*)\)")


class Parser(argparse.ArgumentParser):
    """An argument parser that writes errors where they can be written, and guesses what was meant."""

    def __init__(self, *args: Any, **how: Any) -> None:
        how.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        how["allow_abbrev"] = False
        super().__init__(*args, **how)

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is sys.stdout:
            file.write(message)
        else:
            complain(message)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As in the base class, but an unknown option is an error of this parser, with a hint."""
        found, rest = super().parse_known_args(args, namespace)
        for word in rest:
            if word.startswith("-") and word != "-":
                known = [option for option in self._option_string_actions if len(option) > 2]
                near = difflib.get_close_matches(word.partition("=")[0], known, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                self.error(f"there is no option {word}{hint}")
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, and exit with 2."""
        given = _CHOICE.search(message)
        if given is not None:
            near = difflib.get_close_matches(given[1], re.findall(r"[\w-]+", given[2]), 1)
            message += f"; did you mean {near[0]}?" if near else ""
        self.exit(2, f"{self.prog}: error: {message}; see {self.prog} --help\n")


def count(text: str) -> int:
    """A whole number >= 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number >= 1")
    return int(text)


def folds(text: str) -> int:
    """A whole number >= 2."""
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number >= 2")
    return int(text)


def seed(text: str) -> int:
    """A seed of a net."""
    if not text.isdecimal() or int(text) >= 2**64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 2^64 - 1")
    return int(text)


def seconds(text: str) -> float:
    """A number > 0."""
    return _number(text, 0.0, 1e9, "a number of seconds > 0")


def fraction(text: str) -> float:
    """A number between 0 and 1."""
    return _number(text, 0.0, 1.0, "a number between 0 and 1")


def _number(text: str, low: float, high: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = low
    if not low < value < high:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return value


def names(text: str) -> list[str]:
    """Names, separated by commas."""
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"{text!r} has an empty name")
    return found


_TAB = {"tab": "\t", "\\t": "\t"}


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """The options that say how a text file is written."""
    group = parser.add_argument_group("how text files are written (detected unless given)")
    group.add_argument("--delimiter", metavar="C", help="the character between cells, or tab")
    group.add_argument("--encoding", metavar="NAME", help="such as utf-8 or cp1252")
    group.add_argument("--quote", metavar="C", default='"', help='around cells (default: ")')
    group.add_argument("--decimal-comma", action="store_true", help="numbers such as 1,5")
    header = group.add_mutually_exclusive_group()
    header.add_argument(
        "--header", action="store_true", default=None, help="the first row has names"
    )
    header.add_argument(
        "--no-header", action="store_false", dest="header", default=None, help="it has none"
    )


def dialect_of(arguments: argparse.Namespace) -> Dialect:
    """What the options say about text files."""
    delimiter = arguments.delimiter
    return Dialect(
        encoding=arguments.encoding,
        delimiter=_TAB.get(delimiter, delimiter),
        quote=arguments.quote,
        header=arguments.header,
        decimal="," if arguments.decimal_comma else ".",
    )
