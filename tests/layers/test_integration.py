"""All kinds of layers in files, with callbacks, diagnoses and streamed batches; docs/layers.md."""

import inspect

import numpy as np
import pytest

import pybp
from pybp import MLP, BatchNorm, Dropout, Embedding, callbacks
from pybp.errors import ArgumentError, FileFormatError

from layer_nets import NETS, disturb, inputs
from net_files import join, split
from oracle import registry
from project import table
from registered import AVERAGES, CLASSES

each_net = pytest.mark.parametrize("layers", NETS.values(), ids=list(NETS))


def make(layers, **options):
    net = MLP(layers, activation="tanh", seed=0, **options)
    disturb(net, np.random.default_rng(0))
    return net


def data(layers, rows=40, seed=1):
    rng = np.random.default_rng(seed)
    return inputs(layers, rows, rng), rng.normal(size=(rows, 3))


def fit(net, X, y, **options):
    return net.fit(X, y, **{"epochs": 2, "batch_size": 16, "progress": False, **options})


# ---- files ----


@each_net
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_saved_net_goes_on_with_the_same_bits(layers, dtype, tmp_path, same_state):
    """Running statistics, masks and the optimizer's state as if training had never stopped."""
    X, y = data(layers)
    net = make(layers, dtype=dtype)
    fit(net, X, y)
    net.save(tmp_path / "net.safetensors")
    again = pybp.load(tmp_path / "net.safetensors")
    assert again.layers == net.layers
    assert same_state(again, net)
    np.testing.assert_array_equal(again.predict(X), net.predict(X))
    fit(net, X, y)
    fit(again, X, y)
    assert same_state(again, net)


def test_running_statistics_in_a_file_are_checked(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    from safetensors import safe_open

    path = tmp_path / "net.safetensors"
    make([6, 9, BatchNorm(), 3]).save(path)
    arrays = safetensors.load_file(path)
    with safe_open(path, "numpy") as file:
        metadata = file.metadata()
    assert {"layers.1.running_mean", "layers.1.running_var"} <= set(arrays)
    raw = path.read_bytes()
    header, document, values = split(raw)
    begin, end = header["layers.1.running_var"]["data_offsets"]
    changed = values[:begin] + (-arrays["layers.1.running_var"]).tobytes() + values[end:]
    path.write_bytes(join(header, document, changed))
    with pytest.raises(FileFormatError, match="negative"):
        pybp.load(path)
    safetensors.save_file(arrays, path, metadata)
    pybp.load(path)  # in another order
    del arrays["layers.1.running_var"]
    safetensors.save_file(arrays, path, metadata)
    with pytest.raises(FileFormatError, match=r"layers\.1\.running_var"):
        pybp.load(path)


# ---- callbacks ----


@each_net
@pytest.mark.parametrize("average", AVERAGES)
def test_averages_of_the_weights(layers, average):
    X, y = data(layers)
    net = make(layers)
    fit(net, X, y, callbacks=[average()])
    for array in (*net.weights, *net.biases):
        assert array is None or np.isfinite(array).all()
    assert all(pair is None or (pair[1] >= 0).all() for pair in net.running_statistics)
    assert np.isfinite(net.predict(X)).all()


def test_the_best_epoch_comes_back_with_its_statistics():
    """EarlyStopping brings back the parameters and statistics of the best epoch."""
    layers = NETS["post-activation"]
    X, y = data(layers)
    kept = []

    def remember(net, epoch, logs):
        kept.append((logs["val_loss"], net.weights, net.running_statistics))

    net = make(layers)
    stop = callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best=True)
    options = {"validation_data": data(layers, seed=2), "optimizer": pybp.Adam(lr=0.1)}
    fit(
        net,
        X,
        y,
        epochs=30,
        callbacks=[callbacks.LambdaCallback(on_epoch_end=remember), stop],
        **options,
    )
    _, weights, statistics = min(kept, key=lambda epoch: epoch[0])
    for W, best in zip(net.weights, weights, strict=True):
        assert W is None or (best == W).all()
    for pair, best in zip(net.running_statistics, statistics, strict=True):
        assert pair is None or ((pair[0] == best[0]).all() and (pair[1] == best[1]).all())


# ---- diagnoses ----


@each_net
def test_diagnose(layers, unchanged):
    X, y = data(layers)
    net = make(layers)
    with unchanged(net):
        diagnosis = net.diagnose(X, y)
    assert [layer.kind for layer in diagnosis.layers] == [layer.kind for layer in net.layers]
    assert all(np.isfinite(layer.activation_rms) for layer in diagnosis.layers)
    assert str(diagnosis)


# ---- batches one by one ----


@each_net
def test_batches_give_the_bits_of_arrays(layers, same_state):
    X, y = data(layers)
    whole, parts = make(layers), make(layers)
    fit(whole, X, y, shuffle=False)
    batches = [(X[start : start + 16], y[start : start + 16]) for start in range(0, 40, 16)]
    parts.fit(batches, epochs=2, progress=False)
    assert same_state(whole, parts)


def test_a_batch_of_one_row_is_refused_where_it_comes():
    X, y = data([6])
    net = make([6, BatchNorm(), 3])
    with pytest.raises(ArgumentError, match=r"1 row .* BatchNorm needs at least 2"):
        net.fit([(X[:16], y[:16]), (X[16:17], y[16:17])], progress=False)
    assert np.isfinite(net.predict(X)).all()


def test_a_category_that_is_none_is_refused_in_a_batch():
    layers = [6, Embedding({1: (5, 4)}), 3]
    X, y = data(layers)
    net = make(layers)
    X[20, 1] = 5
    with pytest.raises(ArgumentError, match=r"holds 5\.0 at row 4, column 1; expected a category"):
        net.fit([(X[:16], y[:16]), (X[16:], y[16:])], progress=False)


def weight_scale(net, place):
    """The rule moves w, where `weights` and `gradients` hold those of 2 pi w in a periodic layer."""
    return (2 * np.pi) ** 2 if net.layers[place].kind == "periodic" else 1


@each_net
def test_accumulated_minibatches_are_passes_of_their_own(layers):
    """Two halves of 256 rows: masks and statistics of two passes, one update."""
    X, y = data(layers, 512)
    one, other = make(layers, dtype="float64"), make(layers, dtype="float64")
    fit(
        one, X, y, epochs=1, batch_size=256, accumulate=2, shuffle=False, optimizer=pybp.SGD(lr=0.1)
    )
    gradients = []
    for rows in (slice(256), slice(256, None)):
        output = other.forward(X[rows], training=True)
        other.backward(2 * (output - y[rows]) / y.size)
        gradients.append(other.gradients)
    for place, (first, second) in enumerate(zip(*gradients, strict=True)):
        for before, after, a, b, scale in zip(
            (
                make(layers, dtype="float64").weights[place],
                make(layers, dtype="float64").biases[place],
            ),
            (one.weights[place], one.biases[place]),
            first,
            second,
            (weight_scale(one, place), 1),
            strict=True,
        ):
            if before is not None:
                np.testing.assert_allclose(
                    after, before - 0.1 * scale * (a + b), rtol=1e-9, atol=1e-12
                )
    for pair, same in zip(one.running_statistics, other.running_statistics, strict=True):
        assert pair is None or ((pair[0] == same[0]).all() and (pair[1] == same[1]).all())


def test_dropout_off_is_no_dropout():
    X, y = data([6])
    nets = [make([6, 9, Dropout(0.0), 3]), make([6, 9, 3])]
    nets[1].weights = [W for W in nets[0].weights if W is not None]
    nets[1].biases = [b for b in nets[0].biases if b is not None]
    histories = [fit(net, X, y).history["loss"] for net in nets]
    assert histories[0] == histories[1]


# ---- the page ----


def test_the_page_lists_every_layer_with_its_spec():
    listed = {row[0].strip("`"): row[1].strip("`") for row in table("layers.md", "layers")}
    assert set(listed) == set(registry.names("layers"))
    for name, spec in CLASSES["layers"].items():
        parameters = inspect.signature(spec).parameters.values()
        shown = [str(p.replace(annotation=p.empty)) for p in parameters]
        assert listed[name] == f"{spec.__name__}({', '.join(shown)})"
