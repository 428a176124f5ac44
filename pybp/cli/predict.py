"""``pybp predict``: predictions for the rows of a table."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pybp.cli.arguments import add_file_options, dialect_of, fraction, names
from pybp.cli.model import file_kinds, load_model, target_of
from pybp.cli.output import refuse_existing, write_csv
from pybp.cli.tables import known_columns, selected_table
from pybp.errors import ArgumentError
from pybp.tabular import ClassTargets, TabularPredictor
from pybp.tabular.files import Table, read_table, table_batches
from pybp.tabular.files.source import kind_of

__all__ = ["add_predict"]

_EXAMPLE = """\
example:
  pybp predict titanic.pybp new.csv -o out.csv --proba --keep name
"""


_ROWS = 16_384


def add_predict(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "predict",
        help="predict for the rows of a table",
        description="Predict for each row of a table. Columns are found by name; others than the model's are ignored.",
        epilog=_EXAMPLE,
    )
    parser.add_argument("model", help="a file that pybp train has written")
    parser.add_argument("data", help="as for pybp train; - is standard input")
    parser.add_argument(
        "-o", "--output", default="-", metavar="FILE", help="a CSV file (default: standard output)"
    )
    parser.add_argument("--proba", action="store_true", help="the probability of each class, too")
    parser.add_argument(
        "--keep", type=names, default=[], metavar="A,B", help="columns to copy, such as an id"
    )
    parser.add_argument(
        "--interval",
        type=fraction,
        metavar="P",
        help="intervals that contain the true number with this probability",
    )
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--force", action="store_true", help="replace a file that exists")
    add_file_options(parser)
    parser.set_defaults(command=predict)


def predict(arguments: argparse.Namespace) -> int:
    """Write the predictions; return the exit code."""
    refuse_existing(arguments.output, arguments.force)
    predictor = load_model(arguments.model)
    classifies = isinstance(predictor.targets, ClassTargets)
    if arguments.proba and not classifies:
        raise ArgumentError("--proba: the model predicts numbers, which have no probabilities")
    if arguments.interval is not None and classifies:
        raise ArgumentError(
            "--interval: the model predicts classes; --proba gives their probabilities"
        )
    header = [*arguments.keep, *_names(predictor, arguments)]
    batches = (
        [
            *(_texts(table, name, arguments.data) for name in arguments.keep),
            *_predictions(predictor, table, arguments),
        ]
        for table in _tables(predictor, arguments)
    )
    write_csv(arguments.output, header, batches)
    return 0


def _tables(predictor: TabularPredictor, arguments: argparse.Namespace) -> Iterator[Table]:
    """The rows of the file, in order, some thousand at a time where it is text."""
    path, kinds = arguments.data, file_kinds(predictor)
    if path == "-" or kind_of(path) == "csv":
        yield from table_batches(path, kinds, dialect_of(arguments), _ROWS, optional=arguments.keep)
        return
    wanted = list(dict.fromkeys([*kinds, *arguments.keep]))
    yield selected_table(read_table(path), wanted, path)


def _texts(table: Table, name: str, path: str) -> list[Any]:
    known_columns([name], table.columns, path)
    return ["" if v is None or v != v else _cell(v) for v in table[name].tolist()]


def _cell(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _names(predictor: TabularPredictor, arguments: argparse.Namespace) -> list[str]:
    found = [target_of(predictor)]
    if arguments.proba and isinstance(predictor.targets, ClassTargets):
        found += [f"probability of {name}" for name in predictor.targets.classes.tolist()]
    return found if arguments.interval is None else [*found, "low", "high"]


def _predictions(
    predictor: TabularPredictor, table: Table, arguments: argparse.Namespace
) -> Sequence[list[Any]]:
    inputs = table.select(list(file_kinds(predictor)))
    if isinstance(predictor.targets, ClassTargets):
        probabilities = predictor.predict_proba(inputs)
        labels = predictor.targets.classes[probabilities.argmax(axis=1)].tolist()
        return [labels, *(probabilities.T.tolist() if arguments.proba else [])]
    found = [np.asarray(predictor.predict(inputs)).tolist()]
    if arguments.interval is not None:
        found += np.asarray(
            predictor.predict_interval(inputs, coverage=arguments.interval)
        ).T.tolist()
    return found
