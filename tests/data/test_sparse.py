"""SciPy's sparse matrices are accepted wherever X is, and give the bits of dense arrays."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pybp import MLP
from pybp.data.sparse import Sparse, as_inputs
from pybp.errors import ArgumentError, NotFiniteError, ShapeError

from nets import mse

sparse = pytest.importorskip("scipy.sparse")

FORMATS = ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
F32, F64 = np.dtype("f4"), np.dtype("f8")


def thin(rows, columns, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, columns)) * (rng.random((rows, columns)) < 0.2)


X = thin(90, 21)
Y = np.random.default_rng(1).integers(0, 3, size=90)


@pytest.fixture(params=["float32", "float64"])
def net(request):
    return MLP([21, 6, 3], output="softmax", dtype=request.param, seed=0)


@pytest.mark.filterwarnings("ignore:Constructing a DIA matrix")
@pytest.mark.parametrize("kind", ["matrix", "array"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_format(net, form, kind, same_state):
    given = getattr(sparse, f"{form}_{kind}")(X)
    twin = net.copy()
    histories = [
        model.fit(
            data,
            Y,
            epochs=3,
            batch_size=7,
            validation_split=0.2,
            sample_weight=np.arange(90.0),
            class_weight="balanced",
            metrics=["accuracy", "mse"],
        ).history
        for model, data in ((net, given), (twin, X))
    ]
    assert histories[0] == histories[1]
    assert same_state(net, twin)
    assert net.predict(given).tobytes() == net.predict(X).tobytes()
    assert net.evaluate(given, Y) == net.evaluate(X, Y)
    assert net.train_step(given, Y) == twin.train_step(X, Y)
    assert net.forward(given).tobytes() == twin.forward(X).tobytes()
    assert str(net.trace(given, Y)) == str(net.trace(X, Y))
    assert net.check_gradients(sparse.csr_matrix(X[:9]), Y[:9]).ok


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "i8", "f4", "f8"])
def test_every_dtype(net, dtype):
    dense = (X * 10).astype(dtype)
    assert net.predict(sparse.csr_array(dense)).tobytes() == net.predict(dense).tobytes()


def test_wide_indices(net):
    given = sparse.csr_array(X)
    given.indices, given.indptr = given.indices.astype("i8"), given.indptr.astype("i8")
    assert net.predict(given).tobytes() == net.predict(X).tobytes()


def test_one_row(net):
    row = sparse.coo_array(X[3])
    if row.ndim != 1:  # scipy before 1.13
        pytest.skip("this scipy has no sparse vectors")
    assert net.predict(row).tobytes() == net.predict(X[3]).tobytes()
    assert net.predict(row).shape == (3,)


def test_custom_loss(net, same_state):
    targets = np.eye(3)[Y]
    twin = net.copy()
    net.fit(sparse.csc_array(X), targets, loss=mse, epochs=2, batch_size=13)
    twin.fit(X, targets, loss=mse, epochs=2, batch_size=13)
    assert same_state(net, twin)


def test_duplicates_add_up_and_the_matrix_stays_as_it_was(net):
    given = sparse.csr_array(
        (np.array([1.0, 2.0, 3.0]), np.array([5, 5, 1]), np.array([0, 3])), shape=(1, 21)
    )
    dense = np.zeros((1, 21))
    dense[0, [5, 1]] = 3.0
    assert net.predict(given).tobytes() == net.predict(dense).tobytes()
    assert given.indices.tolist() == [5, 5, 1]


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 70),
    columns=st.integers(1, 40),
    density=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_any_shape(rows, columns, density, seed):
    rng = np.random.default_rng(seed)
    dense = rng.normal(size=(rows, columns)) * (rng.random((rows, columns)) < density)
    net = MLP([columns, 3, 2], seed=seed)
    given = sparse.csr_array(dense)
    assert net.predict(given).tobytes() == net.predict(dense).tobytes()
    matrix = as_inputs(given, "X", F64, columns)
    assert isinstance(matrix, Sparse)
    assert (matrix.toarray() == dense).all()
    chosen = rng.integers(0, rows, size=5)
    assert (matrix.take(chosen).toarray() == dense[chosen]).all()
    assert (matrix.take(slice(rows // 3, rows)).toarray() == dense[rows // 3 :]).all()


def explicit(value):
    given = sparse.csr_matrix(X)
    given.data[given.indptr[2]] = value
    return given


def with_indices(change):
    given = sparse.csr_matrix(X)
    assert given.has_canonical_format  # SciPy caches this, even when the indices change
    change(given.indices)
    return given


def beyond(indices):
    indices[0] = 21


def turned(indices):
    indices[:2] = indices[1::-1].copy()


BAD = {
    "NaN": (explicit(np.nan), NotFiniteError, r"X holds nan at row 2, column \d+; expected finite"),
    "infinity": (explicit(np.inf), NotFiniteError, "X holds inf at row 2"),
    "width": (sparse.csr_matrix(X[:, :9]), ShapeError, r"X has shape \(90, 9\).*has 21 inputs"),
    "no rows": (sparse.csr_matrix((0, 21)), ShapeError, r"X is empty: its shape is \(0, 21\)"),
    "complex": (sparse.csr_matrix(X * 1j), TypeError, "X has dtype complex128"),
    "an index beyond": (with_indices(beyond), ArgumentError, "X is not a valid sparse matrix"),
    "indices out of order": (with_indices(turned), ArgumentError, "X is not a valid sparse matrix"),
}
USES = {
    "fit": lambda net, given: net.fit(given, Y[: given.shape[0]]),
    "train_step": lambda net, given: net.train_step(given, Y[: given.shape[0]]),
    "predict": lambda net, given: net.predict(given),
    "evaluate": lambda net, given: net.evaluate(given, Y[: given.shape[0]]),
    "forward": lambda net, given: net.forward(given),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize(("given", "error", "message"), BAD.values(), ids=BAD)
def test_bad(net, unchanged, use, given, error, message):
    with unchanged(net), pytest.raises(error, match=message):
        use(net, given)


def damaged(form, attribute, index, value):
    matrix = sparse.random_array((90, 21), density=0.2, format=form, rng=np.random.default_rng(0))
    getattr(matrix, attribute)[index] = value
    return matrix


def shortened(attribute):
    matrix = sparse.csr_array(X)
    setattr(matrix, attribute, getattr(matrix, attribute)[:-3])
    return matrix


DAMAGED = [
    *(
        (form, attribute, index, value)
        for form in ("csr", "csc")
        for attribute, index, value in (
            ("indices", 0, 10**6),
            ("indices", 0, -5),
            ("indptr", 1, 10**8),
            ("indptr", 1, -7),
            ("indptr", -1, 10**8),
            ("indptr", -1, 0),
            ("indptr", 0, -3),
        )
    ),
    ("coo", "row", 0, 10**6),
    ("coo", "row", 0, -(10**6)),
    ("coo", "col", 0, 10**6),
    ("bsr", "indices", 0, 10**6),
]


@pytest.mark.parametrize(("form", "attribute", "index", "value"), DAMAGED)
def test_indices_out_of_range(net, unchanged, form, attribute, index, value):
    """scipy's own methods would crash."""
    with pytest.raises(ArgumentError, match="X is not a valid sparse matrix"), unchanged(net):
        net.fit(damaged(form, attribute, index, value), Y)


@pytest.mark.parametrize("attribute", ["data", "indices", "indptr"])
def test_arrays_that_are_too_short(net, unchanged, attribute):
    with pytest.raises(ArgumentError, match="X is not a valid sparse matrix"), unchanged(net):
        net.predict(shortened(attribute))


@pytest.mark.parametrize("attribute", ["data", "indices", "indptr"])
def test_outputs_in_the_memory_of_inputs(attribute):
    net = MLP([6, 2], seed=0)
    rng = np.random.default_rng(0)
    matrix = sparse.csr_array(
        (
            rng.normal(size=60).astype("f4"),
            np.tile(np.arange(6, dtype="i4"), 10),
            np.arange(0, 61, 6, dtype="i4"),
        ),
        shape=(10, 6),
    )
    memory = np.zeros(80, "f4").view(getattr(matrix, attribute).dtype)
    part = memory[: len(getattr(matrix, attribute))]
    part[:] = getattr(matrix, attribute)
    expected = net.predict(matrix)
    setattr(matrix, attribute, part)
    out = memory.view("f4")[:20].reshape(10, 2)
    assert net.predict(matrix, out=out) is out
    assert out.tobytes() == expected.tobytes()


def test_too_large_for_the_dtype():
    given = explicit(1e39)
    with pytest.raises(NotFiniteError, match=r"X holds 1e\+39 at row 2, column \d+, too large for"):
        MLP([21, 2], seed=0).predict(given)
    MLP([21, 2], seed=0, dtype="float64").predict(given)


def test_sparse_targets_are_refused(net, unchanged):
    with unchanged(net), pytest.raises(TypeError, match="y is sparse; expected a dense array"):
        net.fit(sparse.csr_matrix(X), sparse.csr_matrix(np.eye(3)[Y]))


def test_nothing_is_densified():
    rows, columns = 4000, 5000  # 80 MB as float32
    given = sparse.random(rows, columns, density=1e-3, format="csr", dtype="f4", random_state=0)
    net = MLP([columns, 4, 2], output="softmax", seed=0)
    y = np.arange(rows) % 2
    tracemalloc.start()
    net.fit(given, y, epochs=1, batch_size=100)
    net.predict(given)
    net.evaluate(given, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4e6


def test_scipy_is_not_imported():
    code = (
        "import sys, pybp, numpy as np; net = pybp.MLP([2, 1]); net.fit(np.eye(2), [0, 1]);"
        "assert not any(name.startswith('scipy') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
