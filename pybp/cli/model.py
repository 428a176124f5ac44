"""Model files of the command: a predictor, and the record of its training."""

import hashlib
from pathlib import Path
from typing import Any

from pybp.errors import FileFormatError
from pybp.tabular import TabularPredictor
from pybp.tabular.encodings import Encoding, LeftOut
from pybp.tabular.profile import ColumnProfile

__all__ = ["checksum", "file_kinds", "load_model", "outcome", "profiles", "target_of"]


def load_model(path: str) -> TabularPredictor:
    """The predictor in a model file.

    Raises
    ------
    FileFormatError
        The file holds something else.
    """
    predictor = TabularPredictor.load(path)
    if "target" not in predictor.record:
        raise FileFormatError(f"{path} was not written by pybp train: its target has no name")
    return predictor


def target_of(predictor: TabularPredictor) -> str:
    """The name of the target."""
    return str(predictor.record["target"])


def profiles(predictor: TabularPredictor) -> list[ColumnProfile]:
    """What the columns held in training."""
    return [ColumnProfile.from_json(found) for found in predictor.record.get("columns", [])]


def file_kinds(predictor: TabularPredictor) -> dict[str, Any]:
    """The columns that the model reads, and what the cells of a text file must hold."""
    kinds = {"numbers": "numbers", "times": "dates"}
    return {profile.name: kinds.get(profile.kind, "text") for profile in profiles(predictor)}


def checksum(path: str) -> str:
    """The SHA-256 of a file, in hexadecimal; empty for standard input."""
    if path == "-":
        return ""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def outcome(encoding: Encoding) -> str:
    """What becomes of a column."""
    if isinstance(encoding, LeftOut):
        return f"left out: {encoding.reason}"
    parts = []
    if encoding.number_names:
        parts.append(_several(len(encoding.number_names), "number"))
    if encoding.code_names:
        parts.append(_several(len(encoding.code_names), "code"))
    if encoding.n_indices:
        parts.append(f"a vector for each of {encoding.n_indices:,} categories")
    return ", ".join(parts)


def _several(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
