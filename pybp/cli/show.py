"""``pybp show``: what a model file holds."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pybp._common.text import aligned
from pybp.cli.model import checksum, load_model, outcome, profiles
from pybp.tabular import ClassTargets

__all__ = ["add_show"]

_EXAMPLE = """\
example:
  pybp show titanic.pybp
"""


def add_show(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "show",
        help="what a model file holds",
        description="Show the columns, classes, training and checksum of a model.",
        epilog=_EXAMPLE,
    )
    parser.add_argument("model", help="a file that pybp train has written")
    parser.add_argument("--json", action="store_true", help="the same in JSON")
    parser.set_defaults(command=show)


def show(arguments: argparse.Namespace) -> int:
    """Print what the file holds; return the exit code."""
    predictor = load_model(arguments.model)
    record, targets = predictor.record, predictor.targets
    classes = targets.classes.tolist() if isinstance(targets, ClassTargets) else None
    found: dict[str, Any] = {
        "target": record["target"],
        "task": predictor.task,
        "classes": classes,
        "trained on": f"{record['data']['name']}, {record['rows']:,} rows",
        "epochs": [one.best_epoch for one in predictor.trained],
        "out-of-fold score": predictor.oof_score,
        "nets": len(predictor.nets),
        "parameters": sum(net.n_parameters for net in predictor.nets),
        "seed": record["seed"],
        "pybp": record["version"],
        "command": record["command"],
        "bytes": Path(arguments.model).stat().st_size,
        "SHA-256": checksum(arguments.model),
    }
    if arguments.json:
        columns = [{"name": p.name, "holds": p.kind} for p in profiles(predictor)]
        json.dump({**found, "columns": columns}, sys.stdout, indent=2)
        print()
        return 0
    shown = {n: v for n, v in found.items() if v is not None}
    for line in aligned([[name, _text(value)] for name, value in shown.items()], str.ljust):
        print(line)
    print()
    rows = [
        [p.name, p.kind, outcome(encoding)]
        for p, encoding in zip(profiles(predictor), predictor.preprocessing.encodings, strict=True)
    ]
    for line in aligned([["column", "holds", "becomes"], *rows], str.ljust):
        print(line)
    return 0


def _text(value: Any) -> str:
    if isinstance(value, list):
        few = ", ".join(map(str, value[:20]))
        return f"{few}, ... ({len(value)})" if len(value) > 20 else few
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
