"""Layers as users see them: what they expand to, how they print, what is wrong with them."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

import pybp
from pybp import (
    MLP,
    Activation,
    AlphaDropout,
    BatchNorm,
    Concat,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    GroupedDense,
    LayerNorm,
    ParametricActivation,
    Periodic,
    PeriodicEmbedding,
    Residual,
    RMSNorm,
    Scale,
    _core,
)
from pybp.errors import ArgumentError

from layer_nets import ONE_OF_EACH
from registered import CLASSES

SPECS = CLASSES["layers"]


def flat(net):
    return [(layer.kind, layer.n_in, layer.n_out, layer.inputs) for layer in net.layers]


# ---- specs ----


def test_every_class_is_at_hand():
    assert MLP([3, Embedding([2]), 1], seed=0).layers[1].kind == "join"
    for spec in SPECS.values():
        assert getattr(pybp, spec.__name__) is spec


@pytest.mark.parametrize("row", _core.registry("layers"), ids=lambda row: row["name"])
def test_defaults_are_those_of_the_registry(row):
    if row["params"]:
        fields = dataclasses.fields(SPECS[row["name"]])
        defaults = {field.name: field.default for field in fields}
        assert {
            param["name"]: param["default"] for param in row["params"]
        }.items() <= defaults.items()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Dropout(1.0), ArgumentError, r"rate must be a number in \[0, 1\), got 1.0"),
        (lambda: Dropout(-0.1), ArgumentError, r"rate must be a number in \[0, 1\), got -0.1"),
        (lambda: Dropout(float("nan")), ArgumentError, "rate must be .* got nan"),
        (lambda: Dropout("half"), TypeError, "rate must be a number, got 'half'"),
        (lambda: AlphaDropout(1), ArgumentError, r"rate must be a number in \[0, 1\), got 1.0"),
        (lambda: GaussianNoise(-1), ArgumentError, "std must be .*, got -1.0"),
        (lambda: GaussianNoise(float("inf")), ArgumentError, "std must be .*, got inf"),
        (
            lambda: BatchNorm(momentum=1.5),
            ArgumentError,
            r"momentum must be a number in \[0, 1\], got 1.5",
        ),
        (lambda: BatchNorm(eps=0), ArgumentError, "eps must be .*, got 0.0"),
        (lambda: BatchNorm(affine=1), TypeError, r"affine must be True or False, got 1 \(int\)"),
        (lambda: LayerNorm(eps=-1), ArgumentError, "eps must be .*, got -1.0"),
        (lambda: LayerNorm(bias="no"), TypeError, "bias must be True or False"),
        (lambda: RMSNorm(eps=None), TypeError, "eps must be a number, got None"),
        (lambda: ParametricActivation("softmax"), ArgumentError, "softmax works on whole rows"),
        (lambda: ParametricActivation("relu", lr_factor=-1), ArgumentError, "lr_factor must be"),
        (lambda: Scale(bias=0.5), TypeError, "bias must be True or False"),
        (lambda: Activation("rellu"), ArgumentError, "did you mean 'relu'"),
        (lambda: Activation(3), TypeError, "activation must be a name or one of"),
        (lambda: Residual([]), ArgumentError, "layers must hold at least one layer"),
        (lambda: Residual(Dense(3)), TypeError, "layers must be a list of layers, got Dense"),
        (lambda: Residual("dense"), TypeError, "layers must be a list of layers, got 'dense'"),
        (lambda: Residual([3], projection="yes"), TypeError, "projection must be 'auto', True"),
        (lambda: Residual([3], activation="rellu"), ArgumentError, "did you mean 'relu'"),
        (lambda: Periodic(0), ArgumentError, "n_frequencies must be .* >= 1"),
        (lambda: Periodic(2, []), ArgumentError, "columns must name at least one column"),
        (lambda: Periodic(2, [1, 1]), ArgumentError, r"columns must be ascending, got \[1, 1\]"),
        (lambda: Periodic(2, [-1]), ArgumentError, "a column of columns must be .* >= 0"),
        (lambda: Periodic(2, "ab"), TypeError, "columns must be a list of whole numbers"),
        (lambda: MLP([3, Periodic(2, [1, 3]), 1]), ArgumentError, "reads column 3, .* 3 features"),
        (lambda: GroupedDense(0, 2), ArgumentError, "n_in must be .* >= 1"),
        (lambda: MLP([5, GroupedDense(2, 2), 1]), ArgumentError, "cut 5 features into groups of 2"),
        (lambda: Concat([]), ArgumentError, "layers must hold at least one layer"),
        (lambda: PeriodicEmbedding(n_out=0), ArgumentError, "n_out must be .* >= 1"),
        (lambda: PeriodicEmbedding([2, 0]), ArgumentError, "columns must be ascending"),
        (lambda: Embedding({}), ArgumentError, "columns must name at least one column"),
        (lambda: Embedding(5), TypeError, r"columns must be a dict or a list, got 5 \(int\)"),
        (lambda: Embedding({-1: 3}), ArgumentError, "a column of columns must be .* >= 0"),
        (lambda: Embedding({"city": 3}), TypeError, "a column of columns must be a whole number"),
        (lambda: Embedding({0: 0}), ArgumentError, r"columns\[0\], the number of categories, must"),
        (lambda: Embedding({0: 2**24 + 1}), ArgumentError, r"columns\[0\], .* <= 16777216"),
        (lambda: Embedding({0: (3, 0)}), ArgumentError, r"columns\[0\], dim, must be .* >= 1"),
        (lambda: Embedding({0: (3, 2, 1)}), TypeError, r"columns\[0\] must be a number of cat"),
        (lambda: Embedding([3], init="hee"), ArgumentError, "init 'hee' is unknown"),
    ],
)
def test_wrong_parameters(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    "spec", [*ONE_OF_EACH.values(), Embedding({2: (5, 3)}), PeriodicEmbedding([0, 2])], ids=repr
)
def test_specs_are_values(spec):
    assert eval(repr(spec), vars(pybp)) == spec
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert copy.deepcopy(spec) == spec
    assert hash(copy.deepcopy(spec)) == hash(spec)
    assert spec != Dense(77)
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.name = "other"


# ---- lists of layers ----


def test_an_embedding_of_numbers_is_three_layers():
    net = MLP([4, PeriodicEmbedding([0, 2], 8, 3), 2], seed=0)
    assert flat(net) == [
        ("periodic", 4, 16, (-1,)),
        ("grouped_dense", 16, 6, (0,)),
        ("concat", 4, 10, (-1, 1)),
        ("dense", 10, 2, (2,)),
    ]
    assert [layer.lr_factor for layer in net.layers] == [0.1, 0.1, 1.0, 1.0]
    assert np.abs(net.biases[0]).max() <= np.pi
    assert [W is None or W.shape for W in net.weights] == [(16, 1), (6, 8), True, (2, 10)]


def test_a_residual_is_its_layers_and_a_sum():
    net = MLP([3, Residual([Dense(3, "relu"), Dense(3)], activation="relu"), 2], seed=0)
    assert flat(net) == [
        ("dense", 3, 3, (-1,)),
        ("dense", 3, 3, (0,)),
        ("add", 3, 3, (1, -1)),
        ("activation", 3, 3, (2,)),
        ("dense", 3, 2, (3,)),
    ]


def test_a_residual_projects_where_widths_differ():
    net = MLP([3, 4, Residual([5, 6]), Residual([Dense(6)], projection=True), 2], seed=0)
    assert flat(net) == [
        ("dense", 3, 4, (-1,)),
        ("dense", 4, 5, (0,)),
        ("dense", 5, 6, (1,)),
        ("dense", 4, 6, (0,)),
        ("add", 6, 6, (3, 2)),
        ("dense", 6, 6, (4,)),
        ("dense", 6, 6, (4,)),
        ("add", 6, 6, (6, 5)),
        ("dense", 6, 2, (7,)),
    ]
    assert [layer.activation.name for layer in net.layers[1:4]] == ["relu", "relu", "identity"]


def test_residuals_nest():
    net = MLP([3, Residual([Dropout(0.1), Residual([Dense(3)]), Residual([Scale()])])], seed=0)
    assert [layer.inputs for layer in net.layers if layer.kind == "add"] == [
        (1, 0),
        (3, 2),
        (4, -1),
    ]


def test_an_embedding_is_a_table_for_each_column_and_what_joins_them():
    net = MLP([5, Embedding({3: 4, 1: (10, 7)}), 2], seed=0)
    assert flat(net) == [
        ("embedding", 5, 7, (-1,)),
        ("embedding", 5, 2, (-1,)),
        ("join", 12, 12, (-1, 0, 1)),
        ("dense", 12, 2, (2,)),
    ]
    assert [(e.column, e.n_categories) for e in net.layers[:2]] == [(1, 10), (3, 4)]
    assert [W.shape for W in net.weights if W is not None] == [(7, 10), (2, 4), (2, 12)]


def test_length_of_vectors_that_are_not_given():
    sizes = {1: 1, 2: 1, 3: 2, 10: 5, 98: 49, 99: 50, 1000: 50}
    columns = Embedding(list(sizes)).columns
    assert [dim for _, dim in columns.values()] == list(sizes.values())
    assert Embedding([3, (4, 2)]) == Embedding({0: (3, None), 1: (4, 2)})


def test_an_embedding_looks_up_its_columns(rng):
    net = MLP([3, Embedding({1: (4, 2)}), 2], seed=0)
    X = rng.normal(size=(6, 3)).astype(np.float32)
    X[:, 1] = [0, 3, 1, 1, 2, 0]
    joined = net.trace(X, np.zeros((6, 2))).layers[1].a
    np.testing.assert_array_equal(joined[:, :2], X[:, [0, 2]])
    np.testing.assert_array_equal(joined[:, 2:], net.weights[0].T[X[:, 1].astype(int)])


def test_classes_stand_for_their_defaults():
    one = MLP([3, 4, BatchNorm, Scale, Dropout, 2], seed=0)
    assert one.layers == MLP([3, 4, BatchNorm(), Scale(), Dropout(), 2], seed=0).layers
    assert repr(Residual([4, BatchNorm])) == "Residual([4, BatchNorm()])"
    with pytest.raises(TypeError, match="a layer is the class Dense, which needs arguments"):
        Residual([Dense])
    with pytest.raises(TypeError, match=r"layers\[1\] is the class Dense, which needs arguments"):
        MLP([3, Dense])


def test_numbers_have_the_activation_of_the_net_and_the_last_one_that_of_the_output():
    net = MLP([3, 4, Residual([5, 4]), 2], activation="tanh", output="sigmoid", seed=0)
    names_ = [layer.activation.name for layer in net.layers if layer.kind == "dense"]
    assert names_ == ["tanh", "tanh", "tanh", "sigmoid"]


@pytest.mark.parametrize("last", [BatchNorm(), Residual([3]), Dropout(0.1), Scale()])
def test_the_output_activation_follows_what_comes_last(last, rng):
    net = MLP([3, 3, last], output="softmax", seed=0)
    assert net.layers[-1].kind == "activation"
    assert net.layers[-1].activation.name == "softmax"
    np.testing.assert_allclose(net.predict(rng.normal(size=(4, 3))).sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("layers", "options", "error", "message"),
    [
        ([3, Activation("softmax"), 2], {}, ArgumentError, r"layers\[1\] is hidden and can't be"),
        (
            [3, Residual([Dense(3, "softmax")])],
            {},
            ArgumentError,
            r"layers\[1\]\.layers\[0\] is hid",
        ),
        ([3, 2, Activation("tanh")], {"output": "tanh"}, ArgumentError, "activation of its own"),
        ([3, Residual([3], activation="tanh")], {"output": "tanh"}, ArgumentError, "of its own"),
        (
            [3, Residual([4], projection=False)],
            {},
            ArgumentError,
            r"layers\[1\] can't add its branch, 4 wide, and its input, 3 wide",
        ),
        (
            [3, Residual([4], projection=Dense(5))],
            {},
            ArgumentError,
            r"layers\[1\] can't add its branch, 4 wide, and its projection, 5 wide",
        ),
        (
            [3, 2, Residual([2, Residual([5], projection=False)])],
            {},
            ArgumentError,
            r"layers\[2\]\.layers\[1\] can't add its branch, 5 wide, and its input, 2 wide",
        ),
        (
            [3, 4, Embedding([2])],
            {},
            ArgumentError,
            r"layers\[2\] is an Embedding.*must be layers\[1",
        ),
        (
            [3, Residual([4, Embedding([2])])],
            {},
            ArgumentError,
            r"layers\[1\]\.layers\[1\] is an Emb",
        ),
        ([3, Embedding({3: 2}), 1], {}, ArgumentError, r"names column 3, but the net has 3 inputs"),
        ([3, Residual([0])], {}, ArgumentError, r"layers\[1\]\.layers\[0\] must be .* >= 1, got 0"),
        (
            [3, Residual(["relu"])],
            {},
            TypeError,
            r"layers\[1\]\.layers\[0\] must be a whole number",
        ),
        ([3, "BatchNorm"], {}, TypeError, r"layers\[1\] must be a whole number, got 'BatchNorm'"),
    ],
)
def test_lists_that_cannot_be(layers, options, error, message):
    with pytest.raises(error, match=message):
        MLP(layers, **options)
