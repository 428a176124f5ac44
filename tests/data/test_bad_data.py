"""Samples, targets and weights that are wrong, in every method that takes them."""

import numpy as np
import pytest

from pybp import MLP
from pybp.errors import ArgumentError, NotFiniteError, ShapeError

X = np.random.default_rng(0).normal(size=(20, 4))
LABELS = np.arange(20) % 3


def with_value(row, column, value):
    changed = X.copy()
    changed[row, column] = value
    return changed


def with_object(row, column, value):
    changed = X.astype(object)
    changed[row, column] = value
    return changed


BAD_X = {
    "too few columns": (X[:, :3], ShapeError, r"X has shape \(20, 3\): 3 columns, but .* 4 inputs"),
    "too many columns": (np.ones((20, 5)), ShapeError, "5 columns, but the net has 4 inputs"),
    "one long row": (np.ones(5), ShapeError, "5 columns.*one dimension is one row"),
    "three dimensions": (X.reshape(20, 2, 2), ShapeError, "X has 3 dimensions; expected 2"),
    "a number": (3.0, ShapeError, "X has 0 dimensions"),
    "no rows": (np.empty((0, 4)), ShapeError, r"X is empty: its shape is \(0, 4\)"),
    "no columns": (np.empty((20, 0)), ShapeError, "X is empty"),
    "an empty list": ([], ShapeError, "X is empty"),
    "ragged": ([[1, 2, 3, 4], [1, 2]], ShapeError, "X has rows of different lengths"),
    "nan": (with_value(7, 2, np.nan), NotFiniteError, "X holds nan at row 7, column 2"),
    "inf": (with_value(19, 3, np.inf), NotFiniteError, "X holds inf at row 19, column 3"),
    "-inf": (with_value(0, 0, -np.inf), NotFiniteError, "X holds -inf at row 0, column 0"),
    "nan in float32": (
        with_value(7, 2, np.nan).astype("f4"),
        NotFiniteError,
        "X holds nan at row 7, column 2",
    ),
    "nan in float16": (with_value(7, 2, np.nan).astype("f2"), NotFiniteError, "row 7, column 2"),
    "nan in Fortran order": (
        np.asfortranarray(with_value(7, 2, np.nan)),
        NotFiniteError,
        "row 7, column 2",
    ),
    "too large for float32": (
        with_value(1, 2, 1e39),
        NotFiniteError,
        "X holds 1e[+]39 at row 1, column 2, too large for float32",
    ),
    "too large once converted": (
        np.asfortranarray(with_value(1, 2, 1e39)),
        NotFiniteError,
        "X holds 1e[+]39 at row 1, column 2, too large for float32",
    ),
    "complex": (X.astype(complex), TypeError, "X has dtype complex128; expected numbers"),
    "strings": (X.astype(str), TypeError, "X has dtype <U.*; expected numbers"),
    "bytes": (b"abcd", TypeError, "X has dtype .S4"),
    "text among objects": (
        with_object(7, 2, "male"),
        TypeError,
        r"X holds 'male' \(str\) at row 7, column 2; expected numbers; .*TabularMLPClassifier",
    ),
    "a list in a cell": (
        with_object(7, 2, [1, 2]),
        TypeError,
        r"\[1, 2\] \(list\) at row 7, column 2",
    ),
    "a dict in a cell": (with_object(0, 3, {1: 2}), TypeError, r"\(dict\) at row 0, column 3"),
    "an array in a cell": (with_object(0, 3, X[0]), TypeError, r"\(ndarray\) at row 0, column 3"),
    "a number too large": (with_object(7, 2, 10**400), NotFiniteError, "inf at row 7, column 2"),
    "dates": (np.full((20, 4), "2026-01-01", "M8[D]"), TypeError, "X has dtype datetime64"),
    "None": (None, TypeError, r"X is None \(NoneType\); expected an array of numbers"),
    "None inside": ([[1, 2, 3, None]] * 20, NotFiniteError, "X holds nan at row 0, column 3"),
    "a set": (
        {1, 2, 3, 4},
        TypeError,
        r"X is \{1, 2, 3, 4\} \(set\); expected an array of numbers",
    ),
    "a record": (np.zeros(4, [("a", "f8")]), TypeError, "X has dtype"),
}

USES_OF_X = {
    "predict": lambda net, x: net.predict(x),
    "predict with threads": lambda net, x: net.predict(x, threads=1),
    "predict with out": lambda net, x: net.predict(x, out=np.empty((20, 3), np.float32)),
    "evaluate": lambda net, x: net.evaluate(x, LABELS),
    "fit": lambda net, x: net.fit(x, LABELS),
    "train_step": lambda net, x: net.train_step(x, LABELS),
    "forward": lambda net, x: net.forward(x),
    "trace": lambda net, x: net.trace(x, LABELS),
}


@pytest.fixture
def net():
    net = MLP([4, 5, 3], activation="tanh", output="softmax", seed=0)
    net.fit(X, LABELS, epochs=1)
    return net


@pytest.mark.parametrize("use", USES_OF_X.values(), ids=USES_OF_X)
@pytest.mark.parametrize(("x", "error", "message"), BAD_X.values(), ids=BAD_X)
def test_x(net, unchanged, use, x, error, message):
    with unchanged(net), pytest.raises(error, match=message):
        use(net, x)


def test_a_value_that_only_float32_can_not_hold():
    net = MLP([4, 3], dtype="float64", seed=0)
    assert np.isfinite(net.predict(with_value(1, 2, 1e39))).all()


def one_hot(row, values):
    y = np.eye(3)[LABELS]
    y[row] = values
    return y


BAD_LABELS = {
    "too few": (LABELS[:19], ShapeError, "y has 19 rows, but X has 20"),
    "too many": (np.zeros(21, int), ShapeError, "y has 21 rows, but X has 20"),
    "empty": ([], ShapeError, "y has 0 rows"),
    "three dimensions": (np.zeros((20, 3, 1)), ShapeError, "y has 3 dimensions"),
    "a number": (1, ShapeError, "y has 0 dimensions"),
    "two columns": (np.zeros((20, 2)), ShapeError, r"y has shape \(20, 2\); expected \(20,\)"),
    "negative": (LABELS - 1, ArgumentError, "y holds -1 at row 0; expected .* from 0 to 2"),
    "too large": (LABELS + 1, ArgumentError, "y holds 3 at row 2; expected .* from 0 to 2"),
    "too large for int32": (LABELS + 2**32, ArgumentError, "y holds 4294967296 at row 0"),
    "too large for int64": (LABELS.astype("u8") + 2**63, ArgumentError, "y holds 9223372036854775"),
    "fractional": (LABELS + 0.5, ArgumentError, "y holds 0.5 at row 0; expected class indices"),
    "nan": (np.where(LABELS == 2, np.nan, LABELS), NotFiniteError, "y holds nan at row 2"),
    "inf": (np.where(LABELS == 2, np.inf, LABELS), NotFiniteError, "y holds inf at row 2"),
    "names": (np.array(["a", "b"])[LABELS % 2], TypeError, "y has dtype <U1; .*np.unique"),
    "objects": (
        np.array(["a", "b"], object)[LABELS % 2],
        TypeError,
        r"y holds 'a' \(str\) at row 0; expected numbers; np.unique.*pybp.sklearn.MLPClassifier",
    ),
    "complex": (LABELS + 0j, TypeError, "y has dtype complex128"),
    "None": (None, TypeError, "y (is missing|is None)"),
    "sums to 2": (one_hot(4, [1, 1, 0]), ArgumentError, "row 4 of y sums to 2; .* sum to 1"),
    "sums to 0": (one_hot(4, [0, 0, 0]), ArgumentError, "row 4 of y sums to 0"),
    "negative probability": (
        one_hot(4, [1.5, -0.5, 0]),
        ArgumentError,
        "y holds 1.5 at row 4, column 0",
    ),
    "nan probability": (
        one_hot(4, [np.nan, 1, 0]),
        NotFiniteError,
        "y holds nan at row 4, column 0",
    ),
}

USES_OF_Y = {
    "evaluate": lambda net, y: net.evaluate(X, y),
    "fit": lambda net, y: net.fit(X, y),
    "train_step": lambda net, y: net.train_step(X, y),
    "trace": lambda net, y: net.trace(X, y),
    "check_gradients": lambda net, y: net.check_gradients(X, y),
}


@pytest.mark.parametrize("use", USES_OF_Y.values(), ids=USES_OF_Y)
@pytest.mark.parametrize(("y", "error", "message"), BAD_LABELS.values(), ids=BAD_LABELS)
def test_classes(net, unchanged, use, y, error, message):
    with unchanged(net), pytest.raises(error, match=message):
        use(net, y)


VALUES = np.random.default_rng(1).uniform(size=(20, 2))


@pytest.mark.parametrize(
    ("output", "y", "error", "message"),
    [
        ("identity", VALUES[:, 0], ShapeError, r"expected \(20, 2\) for mse with 2 outputs"),
        ("identity", LABELS, ShapeError, "for class indices use output='softmax'"),
        ("identity", VALUES[:, :1], ShapeError, r"y has shape \(20, 1\); expected \(20, 2\)"),
        ("identity", np.where(VALUES > 0.9, np.nan, VALUES), NotFiniteError, "y holds nan at row"),
        ("identity", VALUES + 1e39, NotFiniteError, "too large for float32"),
        ("sigmoid", VALUES + 1, ArgumentError, r"binary_cross_entropy expects targets in \[0, 1\]"),
        ("sigmoid", VALUES - 1, ArgumentError, r"y holds -0.\d+ at row 0, column 0"),
        ("sigmoid", VALUES[:, 0], ShapeError, "for binary_cross_entropy with 2 outputs"),
    ],
)
def test_values(unchanged, output, y, error, message):
    net = MLP([4, 2], output=output, seed=0)
    with unchanged(net), pytest.raises(error, match=message):
        net.fit(X, y)


def weights(row, value):
    changed = np.ones(20)
    changed[row] = value
    return changed


BAD_WEIGHTS = {
    "negative": (
        weights(3, -0.5),
        ArgumentError,
        "sample_weight holds -0.5 at row 3; expected >= 0",
    ),
    "all zero": (np.zeros(20), ArgumentError, "sample_weight is zero for every sample"),
    "too few": (np.ones(19), ShapeError, r"sample_weight has shape \(19,\); expected \(20,\)"),
    "a column": (np.ones((20, 1)), ShapeError, r"sample_weight has shape \(20, 1\)"),
    "a number": (1.0, ShapeError, r"sample_weight has shape \(\)"),
    "nan": (weights(3, np.nan), NotFiniteError, "sample_weight holds nan at row 3"),
    "inf": (weights(3, np.inf), NotFiniteError, "sample_weight holds inf at row 3"),
    "names": (["a"] * 20, TypeError, "sample_weight has dtype <U1"),
}

USES_OF_WEIGHTS = {
    "evaluate": lambda net, w: net.evaluate(X, LABELS, sample_weight=w),
    "fit": lambda net, w: net.fit(X, LABELS, sample_weight=w),
    "train_step": lambda net, w: net.train_step(X, LABELS, sample_weight=w),
    "trace": lambda net, w: net.trace(X, LABELS, sample_weight=w),
    "check_gradients": lambda net, w: net.check_gradients(X, LABELS, sample_weight=w),
}


@pytest.mark.parametrize("use", USES_OF_WEIGHTS.values(), ids=USES_OF_WEIGHTS)
@pytest.mark.parametrize(("w", "error", "message"), BAD_WEIGHTS.values(), ids=BAD_WEIGHTS)
def test_sample_weights(net, unchanged, use, w, error, message):
    with unchanged(net), pytest.raises(error, match=message):
        use(net, w)


@pytest.mark.parametrize(("rows", "part"), [(slice(10), "training"), (slice(10, 20), "validation")])
def test_a_part_without_weight(net, unchanged, rows, part):
    w = weights(rows, 0.0)
    message = f"sample_weight of the {part} part is zero for every sample"
    with unchanged(net), pytest.raises(ArgumentError, match=message):
        net.fit(X, LABELS, sample_weight=w, validation_split=0.5)


BAD_DERIVATIVES = {
    "rows": (np.ones((19, 3)), ShapeError, "dL_dy doesn't match the last forward pass"),
    "columns": (np.ones((20, 2)), ShapeError, "dL_dy has shape .* 2 columns, but .* 3 outputs"),
    "nan": (np.full((20, 3), np.nan), NotFiniteError, "dL_dy holds nan at row 0, column 0"),
    "dtype": (np.full((20, 3), "a"), TypeError, "dL_dy has dtype <U1"),
    "empty": (np.ones((0, 3)), ShapeError, "dL_dy is empty"),
}


@pytest.mark.parametrize(("g", "error", "message"), BAD_DERIVATIVES.values(), ids=BAD_DERIVATIVES)
def test_backward(net, unchanged, g, error, message):
    net.forward(X)
    with unchanged(net), pytest.raises(error, match=message):
        net.backward(g)
    net.backward(np.ones((20, 3)))


def test_nothing_is_left_behind_by_an_error(net):
    """After a call with wrong arguments, the last forward pass is still there for backward."""
    net.forward(X)
    with pytest.raises(ShapeError):
        net.forward(X[:, :2])
    with pytest.raises(ShapeError):
        net.train_step(X[:, :2], LABELS)
    assert net.backward(np.ones((20, 3))).shape == (20, 4)


@pytest.mark.parametrize("shape", [(3,), (1, 3), (5, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masked_arrays_are_refused(shape, dtype):
    net = MLP([3, 2], seed=0)
    X = np.ma.masked_array(np.ones(shape, dtype), np.zeros(shape, bool))
    assert (net.predict(X) == net.predict(X.data)).all()  # nothing is masked
    X.mask.flat[1] = True
    for call in (net.predict, net, net.forward, net.input_gradients):
        with pytest.raises(TypeError, match="X is a masked array; leave out what is masked"):
            call(X)
    plain, y = np.ones((5, 3)), np.ma.masked_array(np.ones((5, 2)), np.eye(5, 2))
    with pytest.raises(TypeError, match="y is a masked array"):
        net.fit(plain, y)
    with pytest.raises(TypeError, match="sample_weight is a masked array"):
        net.fit(plain, y.data, sample_weight=y[:, 0])
