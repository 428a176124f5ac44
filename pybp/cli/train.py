"""``pybp train``: learn from a table, and write a model file."""

import argparse
import json
import math
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import pybp
from pybp._common.optional import require
from pybp._common.text import aligned, shortened
from pybp.cli.arguments import add_file_options, count, dialect_of, folds, names, seconds, seed
from pybp.cli.model import checksum, outcome
from pybp.cli.output import refuse_existing, refuse_same, refuse_standard_output, write_text
from pybp.cli.tables import LabelledTable, read_labelled
from pybp.cli.training_progress import TrainingProgress
from pybp.errors import ArgumentError, PybpError, StateError
from pybp.report import Subject, card, report
from pybp.report.scores import Score
from pybp.tabular import CLASSIFICATION, REGRESSION, Preprocessing, TabularPredictor
from pybp.tabular.profile import ColumnProfile, profile

__all__ = ["add_train"]

_EXAMPLE = """\
example:
  pybp train titanic.csv --target survived --ignore alive -o titanic.pybp --report titanic.html
"""


def add_train(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "train",
        help="learn from a table, and write a model file",
        description="Learn to predict a column of a table from the others, and write a model file.",
        epilog=_EXAMPLE,
    )
    parser.add_argument(
        "data", help="CSV (perhaps .gz, .bz2, .xz), Parquet, Arrow, JSON lines; - is standard input"
    )
    parser.add_argument(
        "--target", required=True, help="the column to predict, by name or number (-1: the last)"
    )
    parser.add_argument("--task", choices=["auto", "classification", "regression"], default="auto")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="the model file (default: the data's name with .pybp)",
    )
    held = parser.add_mutually_exclusive_group()
    held.add_argument(
        "--valid", metavar="FILE", help="rows that choose the epoch, instead of folds of the data"
    )
    held.add_argument(
        "--folds", type=folds, help="parts of the data that are held out in turn (default: 5)"
    )
    parser.add_argument(
        "--categorical",
        type=names,
        default=[],
        metavar="A,B",
        help="columns of numbers that are categories",
    )
    parser.add_argument(
        "--ignore", type=names, default=[], metavar="A,B", help="columns to leave out"
    )
    parser.add_argument("--weight", metavar="COLUMN", help="the rows' weights")
    parser.add_argument(
        "--metric",
        help="what chooses the epoch: log_loss, accuracy, roc_auc, f1, rmse, mae, r2, ...",
    )
    parser.add_argument(
        "--ensemble",
        type=count,
        metavar="N",
        help="nets whose predictions are averaged (default: by the number of rows)",
    )
    parser.add_argument("--epochs", type=count, help="the largest number of epochs")
    parser.add_argument(
        "--plain-numbers",
        action="store_true",
        help="without periodic embeddings of numbers, which c-int8 can't export",
    )
    parser.add_argument(
        "--time-limit",
        type=seconds,
        metavar="S",
        help="seconds; the result then depends on the time",
    )
    parser.add_argument("--seed", type=seed, default=0, help="default: %(default)s")
    parser.add_argument("--threads", type=count, help="default: the number that `pybp info` shows")
    parser.add_argument("--report", metavar="FILE", help="write a report as one page of HTML")
    parser.add_argument("--card", metavar="FILE", help="write a model card in Markdown")
    parser.add_argument("--json", action="store_true", help="the result in JSON")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.add_argument("--force", action="store_true", help="replace files that exist")
    parser.add_argument(
        "--mpi", action="store_true", help="share the nets between the ranks that mpiexec started"
    )
    add_file_options(parser)
    parser.set_defaults(command=train)


def train(arguments: argparse.Namespace) -> int:
    """Train, save and report; return the exit code. With --mpi only rank 0 writes and prints."""
    comm = require("mpi4py.MPI", "--mpi").COMM_WORLD if arguments.mpi else None
    first = comm is None or comm.Get_rank() == 0
    arguments.quiet |= not first
    try:
        prepared = _on_all_ranks(comm, lambda: _prepared(arguments, first))
        if prepared is None:
            return 1
        output, data, task, profiles, valid = prepared
        predictor, elapsed = _fit(arguments, data, valid, task, comm)
    except (PybpError, OSError):
        if first:
            raise
        return 1  # rank 0 tells it, too
    if not first:
        return 0
    predictor.record = _record(arguments, data, profiles)
    predictor.save(output)
    subject = _subject(predictor, data if valid is None else valid, arguments, output)
    _report(arguments, subject)
    if arguments.json:
        json.dump(_as_json(subject, output, elapsed), sys.stdout, indent=2)
        print()
    elif not arguments.quiet:
        _print_result(subject, output, elapsed, held_out=valid is not None)
    return 0


_Prepared = tuple[str, LabelledTable, str, list[ColumnProfile], LabelledTable | None]
"""The model file, the training data, the task, the columns' profiles, the validation data."""


def _on_all_ranks(comm: Any, prepare: Callable[[], _Prepared]) -> _Prepared | None:
    """What `prepare` gives, if it fails on no rank; None where it failed on another one only."""
    if comm is None:
        return prepare()
    made, own = None, None
    try:
        made = prepare()
    except (PybpError, OSError) as error:
        own = error
    messages = comm.allgather(None if own is None else str(own))
    told = [f"rank {rank}: {text}" for rank, text in enumerate(messages) if text is not None]
    if own is not None:
        raise own
    if told and comm.Get_rank() == 0:
        raise StateError(told[0])
    return None if told else made


def _prepared(arguments: argparse.Namespace, first: bool) -> _Prepared:
    """Check the output files, and read the tables."""
    output = arguments.output or _default_output(arguments.data)
    if arguments.mpi and "-" in (arguments.data, arguments.valid):
        raise ArgumentError("--mpi: each rank reads the data, so they can't be standard input")
    refuse_standard_output(output)
    refuse_same(output, arguments.report, arguments.card)
    for path in (output, arguments.report, arguments.card) if first else ():
        refuse_existing(path, arguments.force)
    data, task = read_labelled(
        arguments.data,
        dialect_of(arguments),
        arguments.target,
        task=arguments.task,
        weight=arguments.weight,
        ignore=arguments.ignore,
        categorical=arguments.categorical,
    )
    if arguments.folds is not None and arguments.folds > len(data.y):
        raise ArgumentError(f"--folds: {arguments.folds:,} of {len(data.y):,} rows")
    profiles = profile(data.columns)
    if not (arguments.quiet or arguments.json):
        _print_columns(data, profiles, task)
    valid = None if arguments.valid is None else _validation(arguments, data, task)
    return output, data, task, profiles, valid


def _default_output(data: str) -> str:
    if data == "-":
        return "model.pybp"
    name = Path(data).name
    return f"{name.partition('.')[0] or name}.pybp"


def _validation(arguments: argparse.Namespace, data: LabelledTable, task: str) -> LabelledTable:
    found, _ = read_labelled(
        arguments.valid,
        dialect_of(arguments),
        data.target,
        task=task,
        weight=arguments.weight,
        columns=[column.name for column in data.columns],
        kinds=[column.kind for column in data.columns],
    )
    return found


def _fit(
    arguments: argparse.Namespace,
    data: LabelledTable,
    valid: LabelledTable | None,
    task: str,
    comm: Any,
) -> tuple[TabularPredictor, float]:
    start = time.perf_counter()
    recipe = CLASSIFICATION if task == "classification" else REGRESSION
    given = {
        "metric": arguments.metric,
        "n_ensemble": arguments.ensemble,
        "epochs": arguments.epochs,
        "time_limit": arguments.time_limit,
        "n_frequencies": 0 if arguments.plain_numbers else None,
        "validation_fraction": None if arguments.folds is None else 1 / arguments.folds,
    }
    recipe = replace(recipe, **{name: value for name, value in given.items() if value is not None})
    predictor = TabularPredictor(task, recipe)
    pair: Any = None
    if valid is not None:
        pair = (
            (valid.table, valid.y)
            if valid.weights is None
            else (valid.table, valid.y, valid.weights)
        )
    n, quiet = len(data.y), arguments.quiet or arguments.json
    progress = TrainingProgress(quiet, recipe.n_nets(n), recipe.n_epochs(n))
    with progress:
        predictor.fit(
            data.table,
            data.y,
            data.weights,
            validation_data=pair,
            categorical_features=[c.name for c in data.columns if c.kind == "categories"],
            seed=arguments.seed,
            threads=arguments.threads,
            callbacks=[progress],
            comm=comm,
        )
    return predictor, time.perf_counter() - start


def _record(
    arguments: argparse.Namespace, data: LabelledTable, profiles: list[ColumnProfile]
) -> dict[str, Any]:
    """What the model file tells about its training."""
    return {
        "target": data.target,
        "rows": len(data.y),
        "columns": [found.as_json() for found in profiles],
        "data": {
            "name": "-" if arguments.data == "-" else Path(arguments.data).name,
            "sha256": checksum(arguments.data),
        },
        "seed": arguments.seed,
        "command": arguments.line,
        "version": pybp.__version__,
        "exact": arguments.time_limit is None,
    }


def _subject(
    predictor: TabularPredictor,
    data: LabelledTable,
    arguments: argparse.Namespace,
    output: str,
) -> Subject:
    """What is reported: predictions for rows by nets that have not trained on them."""
    held = predictor.oof_prediction
    columns, y, outputs = data.columns, data.y, None
    if held is not None:
        known = ~np.isnan(held.reshape(len(held), -1)).any(axis=1)
        rows = np.flatnonzero(known)
        columns, y, outputs = [c.take(rows) for c in columns], y[rows], held[rows]
    facts = facts_of(predictor, output)
    facts["tested on"] = (
        "rows of the training data, each by nets that did not train on it"
        if held is not None
        else str(arguments.valid)
    )
    return Subject(predictor, columns, y, [], facts, outputs)


def facts_of(predictor: TabularPredictor, path: str) -> dict[str, str]:
    """Provenance, for reports."""
    record = predictor.record
    found = {
        "target": str(record["target"]),
        "model": Path(path).name,
        "trained on": f"{record['data']['name']}, {record['rows']:,} rows",
        "SHA-256 of these data": record["data"]["sha256"],
        "seed": str(record["seed"]),
        "pybp": str(record["version"]),
        "nets": f"{len(predictor.nets)}, {sum(net.n_parameters for net in predictor.nets):,} parameters",
        "command": record["command"],
    }
    if Path(path).is_file():
        found["SHA-256 of the model"] = checksum(path)
    return {name: value for name, value in found.items() if value}


def _report(arguments: argparse.Namespace, subject: Subject) -> None:
    if arguments.report is not None:
        write_text(arguments.report, report(subject))
    if arguments.card is not None:
        write_text(arguments.card, card(subject))


# ---- what is printed -----------------------------------------------------------------------------


def _print_columns(data: LabelledTable, profiles: list[ColumnProfile], task: str) -> None:
    listed = [column.name for column in data.columns if column.kind == "categories"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # training will warn
        preprocessing = Preprocessing.fit(data.table, listed, data.weights)
    rows = [
        [found.name, found.kind, f"{found.missing:,}", f"{found.distinct:,}", outcome(encoding)]
        for found, encoding in zip(profiles, preprocessing.encodings, strict=True)
    ]
    head = ["column", "holds", "missing", "distinct", "becomes"]
    for line in aligned([head, *rows], str.ljust):
        print(line)
    classes = f", {len(np.unique(data.y))} classes" if task == "classification" else ""
    print(f"\n{len(data.y):,} rows; target {data.target}: {task}{classes}")
    if data.dropped:
        print(f"{data.dropped:,} rows without a target are left out")


def _print_result(subject: Subject, output: str, elapsed: float, held_out: bool) -> None:
    where = "on the validation rows" if held_out else "out of fold"
    print(f"\nScores {where}, with 95% intervals; a baseline {_baseline(subject)}:")
    print_scores(subject.scores)
    size = Path(output).stat().st_size
    print(f"\n{output}: {len(subject.predictor.nets)} nets, {size / 1e6:.2f} MB, {elapsed:.1f} s")


def _baseline(subject: Subject) -> str:
    return "says the classes' fractions" if subject.classifies else "says the mean"


def _as_json(subject: Subject, output: str, elapsed: float) -> dict[str, Any]:
    return {
        "model": output,
        "task": subject.predictor.task,
        "target": subject.facts["target"],
        "rows": subject.predictor.record["rows"],
        "nets": len(subject.predictor.nets),
        "seconds": round(elapsed, 3),
        "scores": scores_json(subject.scores),
    }


def print_scores(scores: list[Score]) -> None:
    """Print a table of scores with their intervals, beside those of the baseline."""
    rows = [
        [
            score.name,
            shortened(score.value),
            f"{shortened(score.low)} to {shortened(score.high)}",
            shortened(score.baseline),
        ]
        for score in scores
    ]
    for line in aligned([["", "score", "95% interval", "baseline"], *rows], str.ljust):
        print(line)


def scores_json(scores: list[Score]) -> dict[str, dict[str, float | None]]:
    """Scores as JSON has them: null where there is none, as the ROC AUC of rows of one class."""
    return {
        score.name: {
            name: getattr(score, name) if math.isfinite(getattr(score, name)) else None
            for name in ("value", "low", "high", "baseline")
        }
        for score in scores
    }
