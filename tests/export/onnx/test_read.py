"""Nets from ONNX models: pybp's own, and those of PyTorch, Keras and skl2onnx."""

import numpy as np
import pytest

import pybp
from pybp import (
    MLP,
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    LayerNorm,
    Residual,
    RMSNorm,
    Scale,
)
from pybp.errors import FileFormatError

from layer_nets import NETS, disturb, inputs
from onnx_files import FILES
from registered import HIDDEN

onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper

# By the name of a file: the layers that it is read as.
STORED = {
    "sklearn-binary": [4, Dense(5, "sigmoid"), Dense(1, "sigmoid")],
    "sklearn-classes": [
        4,
        Scale(bias=True),
        Dense(5, "relu"),
        Dense(3, "relu"),
        Dense(4, "softmax"),
    ],
    "sklearn-labels": [4, Dense(5, "relu"), Dense(3, "sigmoid")],
    "sklearn-numbers": [4, Dense(5, "tanh"), Dense(1)],
    "keras-blocks": [
        5,
        Dense(6),
        Scale(bias=True),
        Activation("gelu"),
        Residual([Dense(6, "silu")]),
        Dense(7, pybp.activations.LeakyReLU(0.2)),
        Dense(3, "softmax"),
    ],
}
FUNCTIONS = [
    *("relu", "gelu", "gelu_tanh", "silu", "mish", "softplus", pybp.activations.ELU(0.7)),
    *(pybp.activations.LeakyReLU(0.3), "selu", "hard_sigmoid", "hard_swish", "relu6", "softsign"),
    *("tanh", "sigmoid"),
]
BLOCK = Residual([Dense(9, "relu"), Dense(6)])
PROJECTED = Residual([Dense(4)], projection=Dense(4, "tanh"))
for way in ("script", "dynamo"):
    STORED |= {
        f"torch-{way}-activations": [5, *(Dense(5, f) for f in FUNCTIONS), Dense(3, "softmax")],
        f"torch-{way}-flat": [5, Dense(4, "relu"), Dense(1)],
        f"torch-{way}-doubles": [5, Dense(4, "gelu"), LayerNorm(), Activation("selu")],
    }
# The newer exporter folds batch norm into the layer before, and leaves out a bias of zeros.
STORED["torch-script-blocks"] = [
    *(5, Dense(6, bias=False), BatchNorm(), Activation("relu"), BLOCK, LayerNorm(), PROJECTED),
    *(LayerNorm(), Dense(2)),
]
STORED["torch-dynamo-blocks"] = [
    *(5, Dense(6, "relu"), BLOCK, LayerNorm(), PROJECTED, LayerNorm(bias=False), Dense(2)),
]


def test_each_file_is_read():
    assert {path.stem for path in FILES.glob("*.onnx")} == set(STORED)


@pytest.mark.parametrize("name", STORED)
def test_files_of_other_libraries(name):
    net = MLP.from_onnx(FILES / f"{name}.onnx")
    stored = np.load(FILES / f"{name}.npz")
    outputs = net.predict(stored["X"])
    atol = 3e-15 if net.dtype == np.float64 else 1e-6
    np.testing.assert_allclose(outputs, stored["Y"].reshape(outputs.shape), rtol=0, atol=atol)
    assert net.layers == MLP(STORED[name]).layers
    assert net.dtype == stored["X"].dtype or name.startswith("sklearn")


# ---- round trips -----------------------------------------------------------------------------


def written_and_read(net, tmp_path):
    net.to_onnx(tmp_path / "net.onnx")
    return MLP.from_onnx(tmp_path / "net.onnx")


def arrays(net):
    """All parameters, without those of layers that have none."""
    pairs = zip(net.weights, net.biases, strict=True)
    return [array for pair in pairs for array in pair if array is not None]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETS)
def test_round_trip_of_layers(name, dtype, tmp_path):
    """The same weights; but batch norm becomes a scale, and dropout is gone."""
    net = MLP(NETS[name], dtype=dtype, seed=0)
    disturb(net, np.random.default_rng(0))
    again = written_and_read(net, tmp_path)
    assert again.dtype == net.dtype
    X = inputs(NETS[name], 20, np.random.default_rng(1), dtype)
    rounding = 4 * np.finfo(dtype).eps
    np.testing.assert_allclose(again.predict(X), net.predict(X), rtol=rounding, atol=rounding)
    if {layer.kind for layer in net.layers} & {"batch_norm", "dropout", "alpha_dropout"}:
        return
    for one, other in zip(arrays(again), arrays(net), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "name", [*HIDDEN, pybp.activations.ELU(0.7), pybp.activations.LeakyReLU(0.3)]
)
def test_round_trip_of_activations(name, dtype, tmp_path):
    net = MLP([3, Dense(4, name), Dense(2, "softmax")], dtype=dtype, seed=0)
    again = written_and_read(net, tmp_path)
    assert again.layers == net.layers
    for one, other in zip(arrays(again), arrays(net), strict=True):
        np.testing.assert_array_equal(one, other)


def test_activations_in_a_row(tmp_path):
    given = [3, 4, *map(Activation, ["relu", "tanh", "gelu", "mish"]), LayerNorm(affine=False)]
    net = MLP([*given, Activation("relu")], activation="identity", dtype="float64")
    again = written_and_read(net, tmp_path)
    X = np.random.default_rng(0).normal(size=(20, 3))
    np.testing.assert_array_equal(again.predict(X), net.predict(X))


def test_a_net_that_was_read_can_be_trained(tmp_path):
    net = written_and_read(MLP([2, 8, 2], output="softmax", seed=0), tmp_path)
    X = np.random.default_rng(0).normal(size=(200, 2))
    before = net.evaluate(X, (X[:, 0] > 0).astype(int))["loss"]
    net.fit(X, (X[:, 0] > 0).astype(int), epochs=5)
    assert net.evaluate(X, (X[:, 0] > 0).astype(int))["loss"] < before


# ---- graphs as other programs write them -----------------------------------------------------


def graph(nodes, constants, n_in=3, output="y", shape=("N", None), path=None, outputs=None):
    """A model with an input x, of these nodes (op, inputs, outputs, attributes)."""
    made = [helper.make_node(op, i, o, **a) for op, i, o, *rest in nodes for a in [dict(*rest)]]
    x = helper.make_tensor_value_info("x", 1, ["N", *([n_in] if isinstance(n_in, int) else n_in)])
    ends = [helper.make_tensor_value_info(name, 1, shape) for name in outputs or [output]]
    given = [numpy_helper.from_array(np.asarray(a), name) for name, a in constants.items()]
    model = helper.make_model(helper.make_graph(made, "g", [x], ends, given))
    path.write_bytes(model.SerializeToString())
    return path


W = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
B = np.random.default_rng(1).normal(size=4).astype(np.float32)
X = np.random.default_rng(2).normal(size=(9, 3)).astype(np.float32)
ONE = np.float32(1)


@pytest.fixture
def read(tmp_path):
    """Read a graph of these nodes."""
    return lambda nodes, constants, **how: MLP.from_onnx(
        graph(nodes, constants, path=tmp_path / "m.onnx", **how)
    )


def test_matmul_and_add(read):
    net = read([("MatMul", ["x", "W"], ["h"]), ("Add", ["b", "h"], ["y"])], {"W": W, "b": B})
    assert net.layers == MLP([3, 4]).layers
    np.testing.assert_array_equal(net.weights[0], W.T)
    np.testing.assert_array_equal(net.biases[0], B)


def test_a_bias_that_not_all_readers_see(read):
    """MatMul is read twice: only one reader adds the bias."""
    nodes = [
        ("MatMul", ["x", "W"], ["h"]),
        ("Identity", ["h"], ["same"]),
        ("Add", ["same", "b"], ["biased"]),
        ("Add", ["biased", "h"], ["y"]),
    ]
    net = read(nodes, {"W": W, "b": B})
    np.testing.assert_allclose(net.predict(X), 2 * X @ W + B, rtol=1e-5, atol=1e-6)


def test_scaled_inputs(read):
    nodes = [("Div", ["x", "c"], ["h"]), ("Gemm", ["h", "W"], ["y"])]
    net = read(nodes, {"W": W, "c": np.float32(255)})
    np.testing.assert_allclose(net.predict(X), X / 255 @ W, rtol=1e-5, atol=1e-7)


def test_images_are_flattened(read):
    nodes = [("Flatten", ["x"], ["h"]), ("Gemm", ["h", "W"], ["y"])]
    net = read(nodes, {"W": np.ones((12, 2), np.float32)}, n_in=(1, 3, 4))
    assert net.n_in == 12


def test_an_input_of_unknown_width(read):
    assert read([("MatMul", ["x", "W"], ["y"])], {"W": W}, n_in=(None,)).n_in == 3


def test_layer_norm_of_simple_operators(read):
    """As tf2onnx writes it: with Reciprocal and Pow, and factors as constants."""
    nodes = [
        ("MatMul", ["x", "W"], ["h"]),
        ("ReduceMean", ["h"], ["m"], {"axes": [1]}),
        ("Sub", ["h", "m"], ["c"]),
        ("Pow", ["c", "two"], ["q"]),
        ("ReduceMean", ["q"], ["v"], {"axes": [-1]}),
        ("Add", ["v", "eps"], ["e"]),
        ("Sqrt", ["e"], ["s"]),
        ("Reciprocal", ["s"], ["r"]),
        ("Mul", ["c", "r"], ["z"]),
        ("Mul", ["z", "gamma"], ["g"]),
        ("Add", ["g", "b"], ["y"]),
    ]
    constants = {"W": W, "two": np.float32(2), "eps": np.float32(1e-3), "gamma": B + 3, "b": B}
    net = read(nodes, constants)
    assert net.layers == MLP([3, Dense(4, bias=False), LayerNorm(eps=1e-3)]).layers


def test_embedding_of_columns(read):
    rng = np.random.default_rng(0)
    table = rng.normal(size=(5, 2)).astype(np.float32)
    nodes = [
        ("Gather", ["x", "one"], ["c"], {"axis": 1}),
        ("Cast", ["c"], ["k"], {"to": 7}),
        ("Gather", ["T", "k"], ["v"]),
        ("Gather", ["x", "others"], ["o"], {"axis": 1}),
        ("Concat", ["o", "v"], ["h"], {"axis": 1}),
        ("MatMul", ["h", "W"], ["y"]),
    ]
    constants = {"one": np.int64(1), "others": np.array([0, 2]), "T": table}
    net = read(nodes, constants | {"W": rng.normal(size=(4, 2)).astype(np.float32)})
    assert net.layers == MLP([3, Embedding({1: (5, 2)}), Dense(2, bias=False)]).layers
    np.testing.assert_array_equal(net.weights[0], table.T)


def test_dropout_and_rms_norm(read):
    nodes = [
        ("MatMul", ["x", "W"], ["h"]),
        ("Dropout", ["h"], ["d", "mask"]),
        ("RMSNormalization", ["d", "g"], ["y"], {"epsilon": 0.25}),
    ]
    net = read(nodes, {"W": W, "g": B})
    assert net.layers == MLP([3, Dense(4, bias=False), RMSNorm(eps=0.25)]).layers


def test_an_output_can_be_chosen(read):
    nodes = [("Gemm", ["x", "W"], ["y"]), ("Tanh", ["y"], ["z"]), ("ArgMax", ["y"], ["k"])]
    assert read(nodes, {"W": W}, outputs=["y"]).layers[-1].activation.name == "identity"
    with pytest.raises(FileFormatError, match="choose one by output="):
        read(nodes, {"W": W}, outputs=["y", "z", "k"])


# ---- what is refused, by the name of the node ------------------------------------------------

FIRST = ("MatMul", ["x", "W"], ["h"])
REFUSED = {
    "LSTM": [FIRST, ("LSTM", ["h", "W", "W"], ["y"])],
    "Sin": [FIRST, ("Sin", ["h"], ["y"])],
    "are no activation or norm": [FIRST, ("Exp", ["h"], ["y"])],
    "combines two layers": [FIRST, ("MatMul", ["x", "W"], ["i"]), ("Mul", ["h", "i"], ["y"])],
    "no constant": [FIRST, ("MatMul", ["x", "h"], ["y"])],
    "expects 3 inputs and gets 4": [FIRST, ("MatMul", ["h", "W"], ["y"])],
    "alpha is 2.0": [("Gemm", ["x", "W"], ["y"], {"alpha": 2.0})],
    "transA is 1": [("Gemm", ["x", "W"], ["y"], {"transA": 1})],
    "cycle": [("Add", ["h", "z"], ["y"]), FIRST, ("Tanh", ["y"], ["z"])],
    "no initializer and no output": [("MatMul", ["x", "V"], ["y"])],
    "is there already": [FIRST, ("Tanh", ["h"], ["h"]), ("Tanh", ["h"], ["y"])],
    "expected the features": [FIRST, ("ReduceMean", ["h"], ["y"], {"axes": [0]})],
    "expected a row": [FIRST, ("Reshape", ["h", "shape"], ["y"])],
    "joins values": [FIRST, ("Concat", ["h", "W"], ["y"], {"axis": 1})],
    "one of them must be empty": [
        *(FIRST, ("Tanh", ["h"], ["t"]), ("Relu", ["h"], ["r"])),
        *(("MatMul", ["t", "V4"], ["i"]), ("MatMul", ["r", "V4"], ["j"]), ("Tanh", ["i"], ["k"])),
        *(("Relu", ["j"], ["l"]), ("MatMul", ["k", "V4"], ["a"]), ("MatMul", ["l", "V4"], ["c"])),
        ("Add", ["a", "c"], ["y"]),
    ],
    "a variance is negative": [
        FIRST,
        ("BatchNormalization", ["h", "b", "b", "b", "b"], ["y"]),
    ],
    "divides by a value": [FIRST, ("Div", ["b", "h"], ["y"])],
    "it has 3 inputs": [FIRST, ("Max", ["h", "h", "h"], ["y"])],
    "is no first output": [FIRST, ("Dropout", ["h"], ["d", "mask"]), ("Tanh", ["mask"], ["y"])],
    "rounds features": [FIRST, ("Cast", ["h"], ["y"], {"to": 7})],
    "float16": [FIRST, ("MatMul", ["h", "half"], ["y"])],
    "no layer between": [("Identity", ["x"], ["y"])],
}


@pytest.mark.parametrize("message", REFUSED)
def test_refusals(message, read):
    constants = {"W": W, "b": B, "V4": np.ones((4, 4), np.float32), "shape": np.array([2, 2, -1])}
    nodes = REFUSED[message]
    if message == "float16":
        constants["half"] = np.ones((4, 2), np.float16)
        message = "numbers of type 10"
    with pytest.raises(FileFormatError, match=message) as caught:
        read(nodes, constants)
    if "node" in str(caught.value):
        assert "which computes" in str(caught.value)


def test_several_inputs_are_refused(tmp_path):
    path = graph([("MatMul", ["x", "W"], ["y"])], {"W": W}, path=tmp_path / "m.onnx")
    model = onnx.load(path)
    model.graph.input.append(helper.make_tensor_value_info("other", 1, ["N", 3]))
    path.write_bytes(model.SerializeToString())
    with pytest.raises(FileFormatError, match="2 inputs \\('x', 'other'\\)"):
        MLP.from_onnx(path)


def test_dropout_layers_are_left_out(tmp_path):
    net = MLP([3, Dense(4, "relu"), Dropout(0.5), 2], seed=0)
    assert written_and_read(net, tmp_path).layers == MLP([3, Dense(4, "relu"), 2]).layers


def test_a_graph_of_tf2onnx(read):
    """Dense, batch norm folded into Mul and Add, swish, gelu by Erf, relu6 by Min and Max, softmax."""
    square, ones = np.ones((4, 4), np.float32), np.ones(4, np.float32)
    nodes = [
        ("Cast", ["x"], ["cast"], {"to": 1}),
        ("MatMul", ["cast", "W"], ["dense/MatMul:0"]),
        ("Add", ["dense/MatMul:0", "b"], ["dense/BiasAdd:0"]),
        ("Mul", ["dense/BiasAdd:0", "scale"], ["bn/mul:0"]),
        ("Add", ["bn/mul:0", "offset"], ["bn/add:0"]),
        ("Sigmoid", ["bn/add:0"], ["sig"]),
        ("Mul", ["bn/add:0", "sig"], ["swish:0"]),
        ("MatMul", ["swish:0", "V"], ["d2"]),
        ("Add", ["d2", "c"], ["d2b"]),
        ("Div", ["d2b", "root"], ["e0"]),
        ("Erf", ["e0"], ["e1"]),
        ("Add", ["one", "e1"], ["e2"]),
        ("Mul", ["half", "d2b"], ["e3"]),
        ("Mul", ["e3", "e2"], ["gelu:0"]),
        ("MatMul", ["gelu:0", "V"], ["d3"]),
        ("Max", ["d3", "zero"], ["m0"]),
        ("Min", ["m0", "six"], ["m1"]),
        ("Transpose", ["VT"], ["back"], {"perm": [1, 0]}),
        ("MatMul", ["m1", "back"], ["d4"]),
        ("Softmax", ["d4"], ["s"], {"axis": -1}),
        ("Identity", ["s"], ["y"]),
    ]
    constants = {"W": W, "b": B, "scale": B + 2, "offset": B, "V": square / 4, "c": -ones}
    constants |= {"root": np.float32(1.4142135), "half": np.float32(0.5), "one": ONE}
    constants |= {"zero": np.float32(0), "six": np.float32(6), "VT": np.eye(4, dtype=np.float32)}
    net = read(nodes, constants)
    wanted = [3, Dense(4), Scale(bias=True), Activation("silu"), Dense(4, "gelu")]
    wanted += [Dense(4, "relu6", bias=False), Dense(4, "softmax", bias=False)]
    assert net.layers == MLP(wanted).layers
