"""All that NumPy reads as numbers is accepted, and equal numbers give equal bits."""

import array
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pybp import MLP
from pybp._common.arrays import as_matrix

WHOLE = np.random.default_rng(0).integers(0, 2, size=(20, 6))
F32, F64 = np.dtype("f4"), np.dtype("f8")


@pytest.fixture(params=["float32", "float64"])
def net(request):
    return MLP([6, 5, 2], activation="tanh", dtype=request.param, seed=0)


def same_outputs(net, given, wanted):
    assert net.predict(given).tobytes() == net.predict(wanted).tobytes()


@pytest.mark.parametrize(
    "dtype", ["?", "b", "B", "h", "H", "i", "I", "q", "Q", "e", "f", "d", "g", ">f4", ">f8", ">i4"]
)
def test_every_numeric_dtype(net, dtype):
    same_outputs(net, WHOLE.astype(dtype), WHOLE.astype(np.float64))


def strided_rows(X):
    return np.repeat(X, 2, axis=0)[::2]


def strided_columns(X):
    return np.repeat(X, 2, axis=1)[:, ::2]


def backwards(X):
    return X[::-1].copy()[::-1]


def mirrored(X):
    return X[:, ::-1].copy()[:, ::-1]


def window(X):
    return np.pad(X, ((1, 1), (2, 3)))[1:-1, 2:-3]


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def misaligned(X):
    raw = np.empty(X.nbytes + 1, np.uint8)[1:].view(X.dtype).reshape(X.shape)
    raw[...] = X
    return raw


def field(X):
    table = np.zeros(X.shape, np.dtype([("tag", "u1"), ("value", X.dtype)]))
    table["value"] = X
    return table["value"]


LAYOUTS = [
    *(np.asfortranarray, strided_rows, strided_columns, backwards, mirrored),
    *(window, read_only, misaligned, field, np.ndarray.tolist, memoryview),
]


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_every_layout(net, layout, dtype):
    X = np.random.default_rng(1).normal(size=(20, 6)).astype(dtype)
    same_outputs(net, layout(X), X)
    one, other = net.copy(), net.copy()
    y = np.ones((20, 2))
    assert one.train_step(layout(X), y) == other.train_step(X, y)


@pytest.mark.parametrize("rows", [1, 20])
def test_one_repeated_row(net, rows):
    row = np.random.default_rng(1).normal(size=6)
    same_outputs(net, np.broadcast_to(row, (rows, 6)), np.tile(row, (rows, 1)))


any_slice = st.builds(slice, st.integers(-9, 8), st.none(), st.sampled_from([-3, -2, -1, 1, 2, 3]))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(dtype=st.sampled_from([F32, F64]), rows=any_slice, columns=any_slice)
def test_any_view(dtype, rows, columns):
    base = np.random.default_rng(0).normal(size=(9, 9)).astype(dtype)
    view = base[rows, columns]
    net = MLP([view.shape[1], 3], seed=0)
    same_outputs(net, view, np.ascontiguousarray(view))


def test_one_row_in_many_forms(net):
    row = [0.5, -1, 2, 0, 1, 3]
    wanted = net.predict(np.array([row]))[0]
    for given_row in (
        row,
        tuple(row),
        np.array(row),
        array.array("d", row),
        np.array([row] * 2)[0],
    ):
        assert net.predict(given_row).shape == (2,)
        assert net.predict(given_row).tobytes() == wanted.tobytes()


def test_memmap(net, tmp_path):
    X = np.random.default_rng(1).normal(size=(20, 6))
    for dtype in (F32, F64):
        path = tmp_path / f"{dtype}.npy"
        np.save(path, X.astype(dtype))
        mapped = np.load(path, mmap_mode="r")
        same_outputs(net, mapped, X.astype(dtype))
        assert np.shares_memory(as_matrix(mapped, "X", net.dtype, 6), mapped)


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("layout", [np.asarray, strided_rows, backwards, window, read_only])
def test_no_copy_of_floats_with_contiguous_rows(layout, dtype):
    X = layout(np.ones((20, 6), dtype))
    for target in (F32, F64):
        assert np.shares_memory(as_matrix(X, "X", target, 6), X)


def test_conversion_rounds_once():
    """Rounding to float64 and then to float32 would give another number than rounding once."""
    value = 2**24 + 2**0 + 2**-30
    X = np.array([[value]], np.longdouble)
    assert as_matrix(X, "X", F32, 1)[0, 0] == X.astype(np.float32)[0, 0]
    big = np.array([[2**53 + 2**29 + 1]], np.int64)
    assert as_matrix(big, "X", F32, 1)[0, 0] == big.astype(np.float32)[0, 0]


# ---- data frames ----

FRAMES = {
    "int64": "int64",
    "float32": "float32",
    "nullable": "Int64",
    "nullable float": "Float32",
    "boolean": "boolean",
}


@pytest.mark.parametrize("dtype", FRAMES.values(), ids=FRAMES)
def test_pandas(net, dtype):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(WHOLE).astype(dtype)
    same_outputs(net, frame, WHOLE.astype(float))
    labels = pandas.Series(WHOLE[:, 0]).astype(dtype)
    one, other = (MLP([6, 2], output="softmax", seed=0) for _ in range(2))
    one.fit(frame, labels, epochs=2)
    other.fit(WHOLE.astype(float), WHOLE[:, 0], epochs=2)
    np.testing.assert_array_equal(one.weights[0], other.weights[0])


def test_pandas_of_mixed_columns(net):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {
            "a": WHOLE[:, 0].astype(bool),
            "b": pandas.array(WHOLE[:, 1], dtype="Int8"),
            "c": WHOLE[:, 2].astype(np.float32),
            "d": pandas.array(WHOLE[:, 3].astype(bool), dtype="boolean"),
            "e": WHOLE[:, 4],
            "f": pandas.array(WHOLE[:, 5], dtype="Float64"),
        },
        index=[f"row {i}" for i in range(20)],
    )
    same_outputs(net, frame, WHOLE.astype(float))
    same_outputs(net, frame.iloc[0].astype(float), WHOLE[0].astype(float))


def test_pandas_missing_values_are_named(net):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(WHOLE, columns=list("abcdef")).astype("Int64")
    frame.iloc[3, 2] = pandas.NA
    message = (
        r"X holds nan at row 3, column 2 \('c'\); expected finite numbers; .*TabularMLPClassifier"
    )
    with pytest.raises(ValueError, match=message):
        net.predict(frame)


@pytest.mark.parametrize("column", [["a", "b"] * 10, ["1", "2"] * 10])
@pytest.mark.parametrize("dtype", [object, "str", "category"])
def test_pandas_columns_that_are_no_numbers(net, column, dtype):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(WHOLE, columns=list("abcdef"))
    frame["c"] = pandas.Series(column, dtype=dtype)
    message = rf"X holds '{column[0]}' \(str\) at row 0, column 2 \('c'\); .*TabularMLPClassifier"
    with pytest.raises(TypeError, match=message):
        net.predict(frame)


@pytest.mark.parametrize("dtype", [object, "str", "category", "string[pyarrow]"])
def test_pandas_labels_that_are_no_numbers(dtype):
    pandas = pytest.importorskip("pandas")
    if "pyarrow" in str(dtype):
        pytest.importorskip("pyarrow")
    net = MLP([6, 2], output="softmax", seed=0)
    y = pandas.Series(["no", "yes"] * 10, dtype=dtype)
    message = (
        r"y holds 'no' \(str\) at row 0; expected numbers; np.unique\(y, return_inverse=True\)"
    )
    with pytest.raises(TypeError, match=message):
        net.fit(WHOLE, y)
    with pytest.raises(TypeError, match="sample_weight holds 'no'"):
        net.fit(WHOLE, WHOLE[:, 0], sample_weight=y)
    net.fit(WHOLE, np.unique(y, return_inverse=True)[1], epochs=1)  # what the message says


def test_objects_that_are_numbers(net):
    """Whatever holds them: Decimal, fractions, Python's and NumPy's numbers."""
    pandas = pytest.importorskip("pandas")
    wanted = WHOLE.astype(float)
    for kind in (int, float, Decimal, Fraction, np.float32, bool):
        objects = np.vectorize(kind, otypes=[object])(WHOLE.tolist())
        same_outputs(net, objects, wanted if kind is not bool else wanted.astype(bool))
    one, other = (MLP([6, 2], output="softmax", seed=0) for _ in range(2))
    weights = np.arange(1.0, 21)
    one.fit(
        pandas.DataFrame(WHOLE, dtype=object),
        pandas.Series(WHOLE[:, 0], dtype=object),
        sample_weight=pandas.Series(weights, dtype=object),
        epochs=2,
    )
    other.fit(wanted, WHOLE[:, 0], sample_weight=weights, epochs=2)
    np.testing.assert_array_equal(one.weights[0], other.weights[0])


def test_polars(net):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({f"x{i}": WHOLE[:, i] for i in range(6)})
    for dtype in (polars.Int8, polars.Float32, polars.Float64, polars.Boolean):
        same_outputs(net, frame.cast(dtype), WHOLE.astype(float))
    mixed = frame.with_columns(polars.col("x0").cast(polars.Float32))
    same_outputs(net, mixed, WHOLE.astype(float))
    one, other = (MLP([6, 2], output="softmax", seed=0) for _ in range(2))
    one.fit(frame, frame["x0"], epochs=1)
    other.fit(WHOLE, WHOLE[:, 0], epochs=1)
    np.testing.assert_array_equal(one.weights[0], other.weights[0])


def test_polars_missing_values_are_named(net):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({f"x{i}": [1, None if i == 2 else 0] for i in range(6)})
    with pytest.raises(ValueError, match=r"X holds nan at row 1, column 2 \('x2'\)"):
        net.predict(frame)
