"""X may be a memory-mapped file of either dtype, which is not copied."""

import tracemalloc

import numpy as np
import pytest

from pybp import MLP
from pybp.errors import NotFiniteError

ROWS, COLUMNS = 20_000, 200


@pytest.fixture(params=["float32", "float64"])
def mapped(request, tmp_path):
    X = np.random.default_rng(0).normal(size=(ROWS, COLUMNS)).astype(request.param)
    X.tofile(tmp_path / "X")
    return np.memmap(tmp_path / "X", request.param, "r", shape=(ROWS, COLUMNS))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_neither_copied_nor_different(mapped, dtype, same_state):
    y = np.arange(ROWS) % 2
    net = MLP([COLUMNS, 8, 2], output="softmax", dtype=dtype, seed=0)
    twin = net.copy()
    tracemalloc.start()
    net.fit(mapped, y, epochs=2, batch_size=500, validation_split=0.25)
    outputs = net.predict(mapped)
    scores = net.evaluate(mapped, y)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < mapped.nbytes / 10
    loaded = np.array(mapped)
    twin.fit(loaded, y, epochs=2, batch_size=500, validation_split=0.25)
    assert same_state(net, twin)
    assert outputs.tobytes() == twin.predict(loaded).tobytes()
    assert scores == twin.evaluate(loaded, y)


def test_bad_value_at_the_end_of_the_file(tmp_path, unchanged):
    X = np.memmap(tmp_path / "X", "f4", "w+", shape=(5000, 30))
    X[4999, 29] = np.nan
    net = MLP([30, 2], seed=0)
    with unchanged(net), pytest.raises(NotFiniteError, match="X holds nan at row 4999, column 29"):
        net.fit(X, np.zeros((5000, 2)))
