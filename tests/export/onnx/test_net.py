"""Nets as ONNX models: valid by onnx's checker, and equal to pybp by ONNX Runtime."""

import errno
import math
import os
import re
import sys

import numpy as np
import pytest

import pybp
from pybp import MLP, Activation, Dense
from pybp.errors import ArgumentError, ExportError, MissingExtraError, NotFiniteError, ShapeError
from pybp.export.onnx import activations, layers, writer

from layer_nets import NETS, disturb, inputs
from project import ROOT
from registered import CLASSES, HIDDEN, ROWS

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

DTYPES = ["float32", "float64"]
# Largest difference of an output, relative to the largest one: a few roundings.
CLOSE = {"float32": 4e-6, "float64": 4e-14}
LAYERS = NETS | {
    "softmax": [3, 5, Dense(4, "softmax")],
    "wide": [40, 70, 70, 33],
    "slope": [3, Dense(9, pybp.activations.LeakyReLU(0.3)), 2],
    "alpha": [3, Dense(9, pybp.activations.ELU(0.7)), 2],
    "ntk": [5, Dense(7, "tanh", parametrization="ntk"), 2],
    "dropout alone": [3, pybp.Dropout(0.5)],
    "identity alone": [3, Activation("identity")],
}


def made(given, dtype="float32", seed=0):
    net = MLP(given, dtype=dtype, seed=seed)
    disturb(net, np.random.default_rng(seed))
    return net


def exported(net, tmp_path):
    """The model, checked, and what ONNX Runtime computes."""
    net.to_onnx(tmp_path / "net.onnx")
    model = onnx.load(tmp_path / "net.onnx", load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", options)
    return model, lambda X: session.run(["Y"], {"X": X})[0]


def assert_same(found, wanted, dtype):
    assert found.dtype == wanted.dtype == dtype
    assert found.shape == wanted.shape
    atol = CLOSE[dtype] * max(1, abs(wanted).max())
    np.testing.assert_allclose(found, wanted, rtol=0, atol=atol)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, dtype, tmp_path):
    net = made(LAYERS[name], dtype)
    model, run = exported(net, tmp_path)
    X = inputs(LAYERS[name], 33, np.random.default_rng(1), dtype)
    assert_same(run(X), net.predict(X), dtype)
    assert_same(run(X[:1]), net.predict(X[:1]), dtype)
    assert not [n.op_type for n in model.graph.node if n.op_type == "BatchNormalization"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", HIDDEN)
def test_activations(name, dtype, tmp_path):
    """Alone, between the kinks and far out, and behind relu, as runtimes fuse neighbours."""
    far = [-1e3, -40.0, -6.5, -3.0, -0.0, 0.0, 3.0, 6.0, 8.5, 40.0, 1e3]
    z = np.concatenate([np.linspace(-12, 12, 301), far]).astype(dtype)[:, np.newaxis]
    for given in ([1, Activation(name)], [1, Activation("relu"), Activation(name)]):
        net = MLP(given, dtype=dtype)
        assert_same(exported(net, tmp_path)[1](z), net.predict(z), dtype)


def test_each_kind_and_activation_has_a_form():
    assert set(layers.LAYERS) == set(ROWS["layers"])
    assert set(activations.ACTIVATIONS) == set(ROWS["activations"]) == set(CLASSES["activations"])


def test_what_has_no_form_is_refused_by_name(tmp_path, monkeypatch):
    net = made([3, Dense(4, "mish"), pybp.LayerNorm(), 1])
    monkeypatch.delitem(layers.LAYERS, "layer_norm")
    with pytest.raises(ArgumentError, match="layer 1 is a 'layer_norm'"):
        net.to_onnx(tmp_path / "net.onnx")
    monkeypatch.delitem(activations.ACTIVATIONS, "mish")
    with pytest.raises(ArgumentError, match="'mish'"):
        net.to_onnx(tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []


def test_the_model_says_what_it_is(tmp_path):
    model, _ = exported(made([3, 5, 2], "float64"), tmp_path)
    assert (model.ir_version, model.producer_name) == (8, "pybp")
    assert model.producer_version == pybp.__version__
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 18)]
    shapes = [
        [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    ]
    assert shapes == [["N", 3], ["N", 2]]


def test_weights_are_stored_as_they_are(tmp_path):
    net = made([3, 5, 2])
    model, _ = exported(net, tmp_path)
    arrays = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
    for index in range(2):
        np.testing.assert_array_equal(arrays[f"layers.{index}.weights"], net.weights[index])
        np.testing.assert_array_equal(arrays[f"layers.{index}.biases"], net.biases[index])
    assert not [i.name for i in model.graph.initializer if i.data_location]


def test_the_net_is_not_changed_and_the_file_is_the_same_each_time(tmp_path, unchanged):
    net = made(NETS["nested"])
    with unchanged(net):
        net.to_onnx(tmp_path / "one.onnx", check=True)
    net.to_onnx(tmp_path / "other.onnx")
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "other.onnx").read_bytes()


def test_erf_has_the_coefficients_of_the_core():
    header = (ROOT / "csrc/simd/vmath_coef.h").read_text(encoding="utf-8")
    for name, ours in [("f64_erf_p", activations._ERF_P), ("f64_erf_q", activations._ERF_Q)]:
        block = re.search(rf"{name}\[\d+\] = {{(.*?)}};", header, re.DOTALL)
        assert re.findall(r"[-\w.]*0x[\w.+-]+", block.group(1)) == list(ours)


def test_erf(tmp_path):
    z = np.linspace(-9, 9, 2001)
    run = exported(MLP([1, Activation("gelu")], dtype="float64"), tmp_path)[1]
    wanted = [x * 0.5 * (1 + math.erf(x / math.sqrt(2))) for x in z]
    np.testing.assert_allclose(run(z[:, np.newaxis])[:, 0], wanted, rtol=0, atol=4e-15)


# ---- check -----------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [True, [[1.0, 2.0, 3.0]], np.ones((4, 3), np.float32)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_check_compares(check, dtype, tmp_path, monkeypatch):
    net = made([3, Dense(5, "tanh"), 2], dtype)
    net.to_onnx(tmp_path / "net.onnx", check=check)
    monkeypatch.setitem(
        activations.ACTIVATIONS, "tanh", lambda graph, z, _: graph.node("Sigmoid", z)
    )
    before = (tmp_path / "net.onnx").read_bytes()
    with pytest.raises(ExportError, match="difference of"):
        net.to_onnx(tmp_path / "net.onnx", check=check)
    assert (tmp_path / "net.onnx").read_bytes() == before


def test_check_of_bad_rows(tmp_path):
    net = made([3, 2])
    with pytest.raises(ShapeError, match="check has shape"):
        net.to_onnx(tmp_path / "net.onnx", check=[[1.0, 2.0]])
    with pytest.raises(NotFiniteError, match="check holds nan"):
        net.to_onnx(tmp_path / "net.onnx", check=[[1.0, 2.0, math.nan]])
    with pytest.raises(TypeError, match="check"):
        net.to_onnx(tmp_path / "net.onnx", check="yes")
    assert list(tmp_path.iterdir()) == []


def test_check_needs_the_runtime_and_nothing_else_does(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setitem(sys.modules, "onnx", None)
    net = made([3, 2])
    net.to_onnx(tmp_path / "net.onnx")
    with pytest.raises(MissingExtraError, match="pip install onnxruntime"):
        net.to_onnx(tmp_path / "other.onnx", check=True)
    assert not (tmp_path / "other.onnx").exists()


# ---- faults ----------------------------------------------------------------------------------


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    net = made([30, 40, 2])
    net.to_onnx(tmp_path / "net.onnx")
    before = (tmp_path / "net.onnx").read_bytes()
    write, written = os.write, []

    def full(handle, data):
        written.append(len(data))
        if sum(written) > 2000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        made([30, 40, 2], seed=1).to_onnx(tmp_path / "net.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]
    assert (tmp_path / "net.onnx").read_bytes() == before


def test_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "_LARGEST_FILE", 1000)
    with pytest.raises(ArgumentError, match="an ONNX file holds 1000"):
        made([30, 40, 2]).to_onnx(tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [3, None, "", "a\0b"])
def test_bad_paths(path):
    with pytest.raises((TypeError, ArgumentError), match="path"):
        made([3, 2]).to_onnx(path)
