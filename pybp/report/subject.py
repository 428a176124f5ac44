"""What a report is about: a fitted predictor, the rows that it is tested on, and its predictions for them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pybp._common.arguments import shown
from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.report.scores import Score, class_scores, log_losses, number_scores
from pybp.tabular import ClassTargets, TabularPredictor
from pybp.tabular.files import Table
from pybp.tabular.plain_columns import PlainColumn
from pybp.tabular.profile import ColumnProfile

__all__ = ["Subject"]


@dataclass(frozen=True)
class Subject:
    """A predictor and the rows that it is tested on.

    Attributes
    ----------
    predictor : TabularPredictor
        A fitted one.
    columns : list of PlainColumn
        The inputs of the test rows.
    y : ndarray, shape (n_samples,)
        The true classes or numbers.
    trained : list of ColumnProfile
        What the columns held in training; empty if the model doesn't say.
    facts : dict of str to str
        Provenance: file names, checksums, the command.
    held_out : ndarray, optional
        Predictions for the rows by nets that have not trained on them, where the rows are those of
        training: probabilities of shape (n_samples, n_classes), or numbers.
    """

    predictor: TabularPredictor
    columns: list[PlainColumn]
    y: Array
    trained: list[ColumnProfile]
    facts: dict[str, str]
    held_out: Array | None = None

    @property
    def classifies(self) -> bool:
        """Whether classes are predicted."""
        return isinstance(self.predictor.targets, ClassTargets)

    @property
    def _class_values(self) -> Array:
        targets = self.predictor.targets
        assert isinstance(targets, ClassTargets)
        return targets.classes

    @property
    def classes(self) -> list[str]:
        """The classes, as text."""
        return [str(c) for c in self._class_values.tolist()]

    @cached_property
    def labels(self) -> Array:
        """(n_samples,) the true classes, as indices; compared as text, as files don't tell 1 from "1".

        Raises
        ------
        ArgumentError
            A class is none of the model's.
        """
        known = {name: index for index, name in enumerate(self.classes)}
        distinct, inverse = np.unique(self.y, return_inverse=True)
        names = [str(value) for value in distinct.tolist()]
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ArgumentError(
                f"the target has the value {shown(unknown[0])}, but the model's classes are "
                f"{', '.join(self.classes[:20])}{' ...' if len(known) > 20 else ''}"
            )
        return np.array([known[name] for name in names], np.int64)[inverse]

    @cached_property
    def outputs(self) -> Array:
        """(n_samples, n_classes) probabilities, or (n_samples,) numbers."""
        return self.outputs_of(self.columns) if self.held_out is None else self.held_out

    def outputs_of(self, columns: list[PlainColumn]) -> Array:
        """The predictions for other rows."""
        table = Table({column.name: column.values for column in columns})
        if self.classifies:
            return self.predictor.predict_proba(table)
        return np.asarray(self.predictor.predict(table), np.float64)

    @cached_property
    def losses(self) -> Array:
        """(n_samples,) minus the log of the true class's probability, or the squared error."""
        return self.losses_of(self.outputs)

    def losses_of(self, outputs: Array) -> Array:
        """The losses of other predictions for the same rows."""
        if self.classifies:
            return log_losses(self.labels, outputs)
        return (outputs - self.y.astype(np.float64)) ** 2

    @cached_property
    def scores(self) -> list[Score]:
        """Scores of the predictions."""
        if self.classifies:
            return class_scores(self.labels, self.outputs)
        return number_scores(self.y.astype(np.float64), self.outputs)

    @cached_property
    def positive(self) -> int:
        """The class whose curves are drawn first: the second of two, else the most frequent one."""
        if len(self.classes) == 2:
            return 1
        return int(np.bincount(self.labels, minlength=len(self.classes)).argmax())

    def described(self, outputs: Array) -> Array:
        """(n_samples,) one number for each prediction: the number, or the positive class's probability."""
        return outputs[:, self.positive] if self.classifies else outputs

    @property
    def described_as(self) -> str:
        """What `described` gives."""
        return f"probability of {self.classes[self.positive]}" if self.classifies else "prediction"
