"""Layers as users see them: what they expand to, how they print, what is wrong with them."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest
from layer_nets import NETS, ONE_OF_EACH, disturb, inputs

import pybp
from pybp import (
    MLP,
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    LayerNorm,
    Residual,
    RMSNorm,
    Scale,
    _core,
)
from pybp.errors import ArgumentError, NotFiniteError, ShapeError
from pybp.layers import LayerSpec
from pybp.specs import names

RNG = np.random.default_rng(0)
each_net = pytest.mark.parametrize("layers", NETS.values(), ids=list(NETS))
SPECS = names(LayerSpec)


def kinds(net):
    return [layer.kind for layer in net.layers]


def flat(net):
    return [(layer.kind, layer.n_in, layer.n_out, layer.inputs) for layer in net.layers]


# ---- specs ----


def test_every_row_has_a_class_or_is_made_by_one():
    assert {*SPECS, "join"} == {row["name"] for row in _core.registry("layers")}
    assert MLP([3, Embedding([2]), 1], seed=0).layers[1].kind == "join"
    for spec in SPECS.values():
        assert getattr(pybp, spec.__name__) is spec
        assert spec.__name__ in pybp.layers.__all__


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.__name__)
def test_every_class_is_documented(spec):
    own = {field.name for field in dataclasses.fields(spec)}
    assert all(f"    {name} : " in spec.__doc__ for name in own)


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
        (lambda: Scale(bias=0.5), TypeError, "bias must be True or False"),
        (lambda: Activation("rellu"), ArgumentError, "did you mean 'relu'"),
        (lambda: Activation(3), TypeError, "activation must be a name or one of"),
        (lambda: Residual([]), ArgumentError, "layers must hold at least one layer"),
        (lambda: Residual(Dense(3)), TypeError, "layers must be a list of layers, got Dense"),
        (lambda: Residual("dense"), TypeError, "layers must be a list of layers, got 'dense'"),
        (lambda: Residual([3], projection="yes"), TypeError, "projection must be 'auto', True"),
        (lambda: Residual([3], activation="rellu"), ArgumentError, "did you mean 'relu'"),
        (lambda: Embedding({}), ArgumentError, "columns must name at least one column"),
        (lambda: Embedding(5), TypeError, r"columns must be a dict or a list, got 5 \(int\)"),
        (lambda: Embedding({-1: 3}), ArgumentError, "a column of columns must be .* >= 0"),
        (lambda: Embedding({"city": 3}), TypeError, "a column of columns must be a whole number"),
        (lambda: Embedding({0: 0}), ArgumentError, r"columns\[0\], the number of categories, must"),
        (lambda: Embedding({0: (3, 0)}), ArgumentError, r"columns\[0\], dim, must be .* >= 1"),
        (lambda: Embedding({0: (3, 2, 1)}), TypeError, r"columns\[0\] must be a number of cat"),
        (lambda: Embedding([3], init="hee"), ArgumentError, "init 'hee' is unknown"),
    ],
)
def test_wrong_parameters(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("spec", [*ONE_OF_EACH.values(), Embedding({2: (5, 3)})], ids=repr)
def test_specs_are_values(spec):
    assert eval(repr(spec), vars(pybp)) == spec
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert copy.deepcopy(spec) == spec
    assert hash(copy.deepcopy(spec)) == hash(spec)
    assert spec != Dense(77)
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.name = "other"


# ---- lists of layers ----


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


def test_an_embedding_looks_up_its_columns():
    net = MLP([3, Embedding({1: (4, 2)}), 2], seed=0)
    X = RNG.normal(size=(6, 3)).astype(np.float32)
    X[:, 1] = [0, 3, 1, 1, 2, 0]
    joined = net.trace(X, np.zeros((6, 2))).layers[1].a
    np.testing.assert_array_equal(joined[:, :2], X[:, [0, 2]])
    np.testing.assert_array_equal(joined[:, 2:], net.weights[0].T[X[:, 1].astype(int)])


def test_classes_stand_for_their_defaults():
    one = MLP([3, 4, BatchNorm, Scale, Dropout, 2], seed=0)
    assert one.layers == MLP([3, 4, BatchNorm(), Scale(), Dropout(), 2], seed=0).layers
    with pytest.raises(TypeError, match=r"layers\[1\] is the class Dense, which needs arguments"):
        MLP([3, Dense])


def test_numbers_have_the_activation_of_the_net_and_the_last_one_that_of_the_output():
    net = MLP([3, 4, Residual([5, 4]), 2], activation="tanh", output="sigmoid", seed=0)
    names_ = [layer.activation.name for layer in net.layers if layer.kind == "dense"]
    assert names_ == ["tanh", "tanh", "tanh", "sigmoid"]


@pytest.mark.parametrize("last", [BatchNorm(), Residual([3]), Dropout(0.1), Scale()])
def test_the_output_activation_follows_what_comes_last(last):
    net = MLP([3, 3, last], output="softmax", seed=0)
    assert net.layers[-1].kind == "activation"
    assert net.layers[-1].activation.name == "softmax"
    np.testing.assert_allclose(net.predict(RNG.normal(size=(4, 3))).sum(axis=1), 1, rtol=1e-6)


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
            r"layers\[1\] can't join its branch, 4 wide, with its input, 3 wide",
        ),
        (
            [3, Residual([4], projection=Dense(5))],
            {},
            ArgumentError,
            r"layers\[1\] can't join its branch, 4 wide, with its projection, 5 wide",
        ),
        (
            [3, 2, Residual([2, Residual([5], projection=False)])],
            {},
            ArgumentError,
            r"layers\[2\]\.layers\[1\] can't join its branch, 5 wide, with its input, 2 wide",
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


# ---- parameters ----


def test_parameters_by_layer():
    layers = [
        6,
        Embedding({1: (5, 4)}),
        7,
        BatchNorm(),
        LayerNorm(bias=False),
        RMSNorm(affine=False),
    ]
    net = MLP([*layers, Scale(), Dropout(), Residual([Dense(7, bias=False)])], seed=0)
    shapes = [None if W is None else W.shape for W in net.weights]
    assert shapes == [(4, 5), None, (7, 9), (7,), (7,), None, (7,), None, (7, 7), None]
    shapes = [None if b is None else b.shape for b in net.biases]
    assert shapes == [None, None, (7,), (7,), None, None, None, None, None, None]
    assert net.n_parameters == 20 + 70 + 14 + 7 + 7 + 49
    assert net.n_parameters == sum(layer.n_parameters for layer in net.layers)
    for place in (3, 4, 6):
        assert (net.weights[place] == 1).all()
    assert (net.biases[3] == 0).all()
    mean, variance = net.running_statistics[3]
    assert (mean == 0).all()
    assert (variance == 1).all()
    assert [pair is not None for pair in net.running_statistics].count(True) == 1


def test_an_embedding_starts_from_a_standard_normal():
    W = MLP([1, Embedding({0: (2000, 10)}), 1], seed=0).weights[0]
    assert abs(W.mean()) < 0.03
    assert abs(W.std() - 1) < 0.03
    W = MLP([1, Embedding({0: (2000, 10)}, init=pybp.initializers.Normal(0.1)), 1], seed=0).weights[
        0
    ]
    assert abs(W.std() - 0.1) < 0.003


def test_auto_looks_for_the_activation_behind_norms():
    """A linear layer in front of norms, dropout and relu starts as one with relu of its own does."""
    plain = MLP([50, Dense(40, "relu"), 1], seed=3).weights[0]
    for between in ([], [BatchNorm()], [LayerNorm(), Scale(), Dropout(0.1), GaussianNoise(0.1)]):
        net = MLP([50, Dense(40), *between, Activation("relu"), 1], seed=3)
        np.testing.assert_array_equal(net.weights[0], plain)
    assert (MLP([50, Dense(40), BatchNorm(), 1], seed=3).weights[0] != plain).any()


@each_net
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_all_that_is_set_is_read_again(layers, dtype):
    net = MLP(layers, dtype=dtype, seed=0)
    other = MLP(layers, dtype=dtype, seed=1)
    disturb(other, np.random.default_rng(0))
    net.weights, net.biases = other.weights, other.biases
    net.running_statistics = other.running_statistics
    for one, same in zip(net.weights + net.biases, other.weights + other.biases, strict=True):
        assert (one is None) == (same is None)
        assert one is None or (one == same).all()
    for one, same in zip(net.running_statistics, other.running_statistics, strict=True):
        assert (one is None) == (same is None)
        assert one is None or ((one[0] == same[0]).all() and (one[1] == same[1]).all())
    X = inputs(layers, 5, np.random.default_rng(1))
    np.testing.assert_array_equal(net.predict(X), other.predict(X))


@pytest.mark.parametrize(
    ("what", "values", "error", "message"),
    [
        ("weights", [np.ones((3, 2)), np.ones(3)], ShapeError, "weights has 2 arrays, but .* 4"),
        (
            "weights",
            [np.ones((3, 2)), np.ones((3, 1)), None, np.ones((1, 3))],
            ShapeError,
            r"weights\[1\] has shape \(3, 1\); expected \(3,\)",
        ),
        (
            "weights",
            [np.ones((3, 2)), np.ones(3), np.ones(3), np.ones((1, 3))],
            ShapeError,
            r"weights\[2\] must be None",
        ),
        (
            "biases",
            [np.ones(3), [1, np.nan, 1], None, np.ones(1)],
            NotFiniteError,
            r"biases\[1\] holds nan",
        ),
        (
            "running_statistics",
            [None, None, None, None],
            TypeError,
            r"running_statistics\[1\] must be \(mean, variance\), got None",
        ),
        (
            "running_statistics",
            [None, (np.ones(3), [1, -0.5, 1]), None, None],
            ArgumentError,
            r"\[1\]\[1\], a variance, holds -0.5",
        ),
        (
            "running_statistics",
            [None, (np.ones(2), np.ones(3)), None, None],
            ShapeError,
            r"\[1\]\[0\] has shape \(2,\); expected \(3,\)",
        ),
        (
            "running_statistics",
            [(np.ones(3), np.ones(3))] * 4,
            ShapeError,
            r"running_statistics\[0\] must be None",
        ),
        ("running_statistics", 3, TypeError, "running_statistics must be a list"),
    ],
)
def test_wrong_arrays(what, values, error, message, unchanged):
    net = MLP([2, Dense(3), BatchNorm(), Dropout(0.1), Dense(1)], seed=0)
    with unchanged(net), pytest.raises(error, match=message):
        setattr(net, what, values)


# ---- copies and pictures ----


@each_net
def test_repr_makes_the_same_net(layers, same_state):
    net = MLP(layers, activation="tanh", seed=3)
    again = eval(repr(net), vars(pybp) | vars(pybp.initializers) | vars(pybp.activations))
    assert again.layers == net.layers
    assert same_state(again, net)
    assert repr(again) == repr(net)


def test_repr_nests_residuals_again():
    layers = (
        "3, Dense(4), Residual([BatchNorm(momentum=0.2), Residual([Dense(5), Dense(4, 'relu')]), "
        "Dropout(rate=0.1)]), Residual([Dense(4)], projection=True), Residual([Dense(6)], "
        "projection=Dense(6, bias=False)), Residual([Dense(2)]), Activation('softmax')"
    )
    text = f"MLP([{layers}], dtype='float32', seed=0)"
    assert repr(eval(text, vars(pybp))) == text


@each_net
def test_summary_and_html(layers):
    net = MLP(layers, seed=0)
    lines = str(net.summary()).splitlines()
    assert [line.split()[1] for line in lines[3:-2]] == kinds(net)
    assert lines[-1] == f"{net.n_parameters:,} parameters"
    assert net._repr_html_().count("<tr>") == len(net.layers) + 1


@each_net
def test_copies_and_pickles_go_on_alike(layers, same_state):
    """Running statistics, optimizer state and the position in the masks are all there."""
    net = MLP(layers, seed=0)
    rng = np.random.default_rng(0)
    X, y = inputs(layers, 40, rng), rng.normal(size=(40, 3))
    net.fit(X, y, epochs=2, batch_size=16, progress=False)
    twins = [net.copy(), copy.deepcopy(net), pickle.loads(pickle.dumps(net))]
    net.fit(X, y, epochs=2, batch_size=16, progress=False)
    for twin in twins:
        assert twin.layers == net.layers
        assert not same_state(twin, net)
        twin.fit(X, y, epochs=2, batch_size=16, progress=False)
        assert same_state(twin, net)


def test_descriptions_are_plain_values():
    def plain(value):
        if isinstance(value, tuple | list):
            return all(map(plain, value))
        return value is None or type(value) in (str, int, float, bool)

    for layers in NETS.values():
        for layer in MLP(layers, seed=0).layers:
            assert all(map(plain, layer.description.values()))
            assert type(layer).from_description(layer.description) == layer
            as_lists = {
                k: list(v) if isinstance(v, tuple) else v for k, v in layer.description.items()
            }
            assert type(layer).from_description(as_lists) == layer
