"""``pybp evaluate`` and ``pybp report``: how good a model is on rows with known targets."""

import argparse
import json
import sys
from typing import Any

from pybp.cli.arguments import add_file_options, dialect_of
from pybp.cli.model import load_model, profiles, target_of
from pybp.cli.output import refuse_existing, refuse_same, write_text
from pybp.cli.tables import read_labelled
from pybp.cli.train import facts_of, print_scores, scores_json
from pybp.report import Subject, card, report

__all__ = ["add_evaluate", "add_report"]

_EVALUATE = """\
example:
  pybp evaluate titanic.pybp test.csv --json
"""

_REPORT = """\
example:
  pybp report titanic.pybp test.csv -o report.html --card README.md
"""


def add_evaluate(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "evaluate",
        help="scores of a model on a table with known targets",
        description="Print the scores of a model on a table with known targets, with 95% intervals and those of a baseline.",
        epilog=_EVALUATE,
    )
    _add_inputs(parser)
    parser.add_argument("--json", action="store_true", help="the scores in JSON")
    add_file_options(parser)
    parser.set_defaults(command=evaluate)


def add_report(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "report",
        help="a report on a model, as one page of HTML",
        description="Test a model on a table with known targets, and write one page of HTML, which needs no other file.",
        epilog=_REPORT,
    )
    _add_inputs(parser)
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="the page")
    parser.add_argument("--card", metavar="FILE", help="write a model card in Markdown, too")
    parser.add_argument("--force", action="store_true", help="replace files that exist")
    add_file_options(parser)
    parser.set_defaults(command=write_report)


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help="a file that pybp train has written")
    parser.add_argument("data", help="as for pybp train, with the target; - is standard input")


def _subject(arguments: argparse.Namespace) -> Subject:
    predictor = load_model(arguments.model)
    trained = profiles(predictor)
    data, _ = read_labelled(
        arguments.data,
        dialect_of(arguments),
        target_of(predictor),
        task=predictor.task,
        columns=[found.name for found in trained],
        kinds=[found.kind for found in trained],
    )
    facts = {
        **facts_of(predictor, arguments.model),
        "tested on": f"{arguments.data}, {len(data.y):,} rows",
    }
    return Subject(predictor, data.columns, data.y, trained, facts)


def evaluate(arguments: argparse.Namespace) -> int:
    """Print the scores; return the exit code."""
    subject = _subject(arguments)
    if arguments.json:
        found = {
            "model": arguments.model,
            "rows": len(subject.y),
            "scores": scores_json(subject.scores),
        }
        json.dump(found, sys.stdout, indent=2)
        print()
        return 0
    print_scores(subject.scores)
    return 0


def write_report(arguments: argparse.Namespace) -> int:
    """Write the report; return the exit code."""
    refuse_same(arguments.output, arguments.card)
    for path in (arguments.output, arguments.card):
        refuse_existing(path, arguments.force)
    subject = _subject(arguments)
    write_text(arguments.output, report(subject))
    if arguments.card is not None:
        write_text(arguments.card, card(subject))
    return 0
