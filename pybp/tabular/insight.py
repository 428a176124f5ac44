"""What the predictions depend on: importances of columns, and contributions of each sample's values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pybp._common.types import Array
from pybp.layers import Layer
from pybp.mlp import MLP
from pybp.net.state import core_net
from pybp.tabular.preprocessing import Preprocessing
from pybp.tabular.samples import Samples
from pybp.tabular.scores import Metric
from pybp.tabular.targets import Targets

__all__ = ["HeldRows", "column_inputs", "contributions", "importances"]

_REPEATS = 5
_MOST = 10_000  # rows whose inputs are kept


@dataclass(frozen=True)
class HeldRows:
    """Held-out rows, for importances that are computed later.

    Attributes
    ----------
    metric : Metric
        The metric.
    samples : list of Samples
        For each net rows that it has not trained on.
    """

    metric: Metric
    samples: Sequence[Samples]

    @classmethod
    def kept(cls, metric: Metric, held: Samples, rows: Sequence[Array]) -> "HeldRows":
        """At most 10,000 of the rows of each net, evenly spaced."""
        most = max(1, _MOST // max(1, len(rows)))
        chosen = [one[:: -(-len(one) // most)] for one in rows]
        return cls(metric, [held.take(one) for one in chosen])


def column_inputs(preprocessing: Preprocessing) -> list[list[int]]:
    """The inputs that each column of the table becomes; none for a column that is left out."""
    layout = preprocessing.layout
    number, code = 0, layout.n_numbers
    index = code + layout.n_codes
    found = []
    for encoding in preprocessing.encodings:
        n_numbers, n_codes = len(encoding.number_names), len(encoding.code_names)
        n_indices = 1 if encoding.n_indices else 0
        found.append(
            [
                *range(number, number + n_numbers),
                *range(code, code + n_codes),
                *range(index, index + n_indices),
            ]
        )
        number, code, index = number + n_numbers, code + n_codes, index + n_indices
    return found


def importances(
    nets: Sequence[MLP], held: HeldRows, targets: Targets, columns: Sequence[list[int]]
) -> Array:
    """How much worse the metric is for held-out rows when the values of a column are permuted.

    The mean over the nets, each with the rows that it held out, and over 5 permutations.

    Returns
    -------
    ndarray, shape (n_columns,)
        In units of the metric; about 0 for a column that the nets don't use.

    References
    ----------
    Breiman, "Random forests", Machine Learning 45, 2001.
    """
    total = np.zeros(len(columns))
    random = np.random.RandomState(0)
    for net, rows in zip(nets, held.samples, strict=True):
        orders = [random.permutation(len(rows)) for _ in range(_REPEATS)]
        least = _error(net, rows, rows.inputs, targets, held.metric)
        for column, inputs in enumerate(columns):
            for order in orders if inputs else []:
                permuted = rows.inputs.copy()
                permuted[:, inputs] = permuted[order][:, inputs]
                total[column] += _error(net, rows, permuted, targets, held.metric) - least
    return total / (len(nets) * _REPEATS)


def _error(net: MLP, rows: Samples, inputs: Array, targets: Targets, metric: Metric) -> float:
    outputs = net.predict(inputs).astype(np.float64)
    truth = targets.compared(rows.y, outputs, own_scale=True)[0] if metric.custom else rows.y
    return metric.error(metric.function(truth, targets.scored(outputs), rows.weights))


def contributions(net: MLP, inputs: Array, columns: Sequence[list[int]]) -> Array:
    """Gradient times input of each column, summed over its inputs, or over the numbers of its vector.

    Returns
    -------
    ndarray, shape (n_samples, n_outputs, n_columns)
        In float64.
    """
    tail, values, sources = _without_embeddings(net, inputs)
    products = tail.input_gradients(values).astype(np.float64) * values[:, np.newaxis]
    found = np.zeros((*products.shape[:2], len(columns)))
    for column, own in enumerate(columns):
        found[..., column] = products[..., np.isin(sources, own)].sum(axis=-1)
    return found


def _without_embeddings(net: MLP, inputs: Array) -> tuple[MLP, Array, Array]:
    """The part of a net behind its embeddings, what that reads, and the input that each number is of."""
    embeddings = [layer for layer in net.layers if layer.kind == "embedding"]
    columns = np.arange(inputs.shape[1])
    if not embeddings:
        return net, inputs, columns
    indexed = [layer.column for layer in embeddings]
    vectors = [
        np.asarray(vector).T[inputs[:, column].astype(np.intp)]
        for vector, column in zip(net.weights, indexed, strict=False)
    ]
    others = np.setdiff1d(columns, indexed)
    sources = [others, *(np.full(layer.n_out, layer.column) for layer in embeddings)]
    values = np.concatenate([inputs[:, others], *vectors], axis=1)
    n = len(embeddings) + 1  # and the layer that joins them with the other inputs
    layers = tuple(_shifted(layer, n) for layer in net.layers[n:])
    tail = MLP.__new__(MLP)
    tail._adopt(core_net(layers, net.dtype.name, 0), layers, 0)
    tail.weights, tail.biases = net.weights[n:], net.biases[n:]
    return tail, values, np.concatenate(sources)


def _shifted(layer: Layer, n: int) -> Layer:
    return replace(layer, inputs=tuple(index - n for index in layer.inputs))
