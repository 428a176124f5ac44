"""``pybp export``: a model as ONNX or as C."""

import argparse
from pathlib import Path
from typing import Any, Literal

from pybp.cli.arguments import add_file_options, dialect_of
from pybp.cli.model import file_kinds, load_model
from pybp.cli.output import refuse_existing, refuse_standard_output
from pybp.cli.tables import read_inputs
from pybp.errors import ArgumentError

__all__ = ["add_export"]

_EXAMPLE = """\
examples:
  pybp export titanic.pybp --to onnx -o titanic.onnx
  pybp export titanic.pybp --to c -o titanic.c --name titanic --data titanic.csv
"""


def add_export(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "export",
        help="a model as ONNX or as C",
        description="Write a model with its preprocessing as an ONNX file, or as a C file and its header, which need no pybp.",
        epilog=_EXAMPLE,
    )
    parser.add_argument("model", help="a file that pybp train has written")
    parser.add_argument("--to", required=True, choices=["onnx", "c", "c-int8"])
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="C: NAME.c; NAME.h is written beside it",
    )
    parser.add_argument("--name", help="C: the prefix of all names (default: net)")
    parser.add_argument(
        "--data",
        metavar="FILE",
        help="rows: ONNX Runtime must predict the same for them; a C file records some in its self-test; "
        "c-int8 needs them to choose its scales, and a model of pybp train --plain-numbers",
    )
    parser.add_argument("--force", action="store_true", help="replace files that exist")
    add_file_options(parser)
    parser.set_defaults(command=export)


def export(arguments: argparse.Namespace) -> int:
    """Write the file; return the exit code."""
    refuse_standard_output(arguments.output)
    refuse_existing(arguments.output, arguments.force)
    if arguments.to == "onnx" and arguments.name is not None:
        raise ArgumentError("--name: an ONNX file has no prefix; it is for --to c and c-int8")
    if arguments.to != "onnx":
        refuse_existing(str(Path(arguments.output).with_suffix(".h")), arguments.force)
    predictor = load_model(arguments.model)
    rows = None
    if arguments.data is not None:
        rows = read_inputs(arguments.data, dialect_of(arguments), file_kinds(predictor))
    elif arguments.to == "c-int8":
        raise ArgumentError("--to c-int8 needs --data, some hundred typical rows")
    if arguments.to == "onnx":
        predictor.to_onnx(arguments.output, check=False if rows is None else rows)
    else:
        dtype: Literal["int8"] | None = "int8" if arguments.to == "c-int8" else None
        name = "net" if arguments.name is None else arguments.name
        predictor.to_c(arguments.output, name=name, dtype=dtype, X=rows)
    return 0
