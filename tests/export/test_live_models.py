"""Nets from models of other libraries, and as modules of PyTorch."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

import pybp
from pybp import MLP, Activation, Dense, Scale
from pybp.errors import ArgumentError, ExportError, FileFormatError, MissingExtraError, StateError
from pybp.export import to_torch as writer

from layer_nets import NETS, disturb, inputs
from registered import HIDDEN, ROWS


@pytest.fixture(scope="module")
def torch():
    found = pytest.importorskip("torch")
    found.set_num_threads(1)
    return found


def arrays(net):
    pairs = [*zip(net.weights, net.biases, strict=True), *filter(None, net.running_statistics)]
    return [array for pair in pairs for array in pair if array is not None]


def assert_same_parameters(net, other):
    for one, same in zip(arrays(net), arrays(other), strict=True):
        np.testing.assert_array_equal(one, same)


# ---- PyTorch ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETS)
def test_to_torch_and_back(name, dtype, torch):
    net = MLP(NETS[name], dtype=dtype, seed=0)
    disturb(net, np.random.default_rng(0))
    module = net.to_torch()
    X = inputs(NETS[name], 20, np.random.default_rng(1), dtype)
    with torch.no_grad():
        outputs = module(torch.from_numpy(X)).numpy()
    close = 1e-5 if dtype == "float32" else 1e-13
    np.testing.assert_allclose(outputs, net.predict(X), rtol=close, atol=close)
    again = pybp.from_torch(module)
    assert_same_parameters(again, net)
    assert again.dtype == net.dtype
    if name != "rms_norm":  # torch's has no biases: a scale follows it
        assert [layer.kind for layer in again.layers] == [layer.kind for layer in net.layers]


@pytest.mark.parametrize(
    "activation", [*HIDDEN, pybp.activations.ELU(0.7), pybp.activations.LeakyReLU(0.3)]
)
def test_activations_of_torch(activation, torch):
    net = MLP([3, Dense(4, activation), Dense(2, "softmax")], dtype="float64", seed=0)
    again = pybp.from_torch(net.to_torch())
    assert [layer.activation for layer in again.layers] == [
        layer.activation for layer in net.layers
    ]
    assert_same_parameters(again, net)


def test_each_kind_has_a_module():
    assert {*writer.MODULES, "add", "concat", "embedding", "join"} == set(ROWS["layers"])
    assert set(writer.ACTIVATIONS) == set(ROWS["activations"])


def test_a_module_of_ones_own(torch):
    nn = torch.nn

    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.out = nn.Linear(3, 5), nn.Linear(5, 5), nn.Linear(5, 2)
            self.gain = nn.Parameter(torch.full((5,), 0.5))

        def forward(self, x):
            h = torch.relu(self.one(x))
            h = nn.functional.gelu(h + torch.tanh(self.two(h)), approximate="tanh")
            h = nn.functional.dropout(h * self.gain, 0.5, training=self.training)
            return nn.functional.leaky_relu(self.out(h), 0.3)

    module = Own()
    net = pybp.from_torch(module)
    wanted = [
        *(3, Dense(5, "relu"), pybp.Residual([Dense(5, "tanh")]), Activation("gelu_tanh")),
        *(Scale(), Dense(2, pybp.activations.LeakyReLU(0.3))),
    ]
    assert net.layers == MLP(wanted).layers
    assert module.training


def test_modules_that_are_refused(torch):
    nn = torch.nn

    class Branches(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.one = nn.Linear(3, 3)

        def forward(self, x):
            return self.one(x) * x

    for module, message in [
        (nn.Sequential(nn.Linear(3, 2), nn.LSTM(2, 2)), r"1 \(LSTM\)"),
        (nn.Sequential(nn.Linear(3, 2), nn.Softmax(dim=0)), "not over the features"),
        (nn.Sequential(nn.Linear(3, 2), nn.Softplus(beta=2)), "another beta"),
        (nn.Sequential(nn.Linear(3, 2), Branches()), "can't be traced"),
        (Product(), "neither a sum"),
        (nn.Sequential(nn.Linear(3, 2).half()), "float32 and float64"),
        (nn.Sequential(nn.ReLU()), "of no type"),
        (nn.Sequential(nn.BatchNorm1d(3, track_running_stats=False)), "no running statistics"),
    ]:
        with pytest.raises(ArgumentError, match=message):
            pybp.from_torch(module)
    with pytest.raises(TypeError, match="must be a torch"):
        pybp.from_torch("net.pt")


def test_a_module_that_computes_something_else(torch):
    class Odd(torch.nn.Linear):
        def forward(self, x):
            return super().forward(x) + 1

    class Narrow(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.one = torch.nn.Linear(4, 2)

        def forward(self, x):
            return self.one(x.view(-1, 2))

    with pytest.raises(ExportError, match="can't compute random rows"):
        pybp.from_torch(Narrow())
    Odd.__name__ = "Linear"
    Odd.__module__ = "torch.nn.modules.linear"
    with pytest.raises(ExportError, match="other outputs than the net"):
        pybp.from_torch(torch.nn.Sequential(Odd(3, 2)))


@pytest.mark.parametrize("name", ["nested", "post-activation", "embedding", "dense"])
def test_state_dict(name, torch, tmp_path):
    from safetensors.torch import save_file

    net = MLP(NETS[name], seed=0)
    disturb(net, np.random.default_rng(0))
    module = net.to_torch()
    save_file(module.state_dict(), tmp_path / "net.safetensors")
    other = MLP(NETS[name], seed=1)
    if name == "dense":
        other.read_state_dict(tmp_path / "net.safetensors")
    else:
        with pytest.raises(ArgumentError, match="names="):
            other.read_state_dict(tmp_path / "net.safetensors")
        names = {key.rpartition(".")[0]: None for key in module.state_dict()}
        other.read_state_dict(tmp_path / "net.safetensors", names=list(names))
    assert_same_parameters(other, net)


def test_state_dicts_that_do_not_fit(tmp_path):
    save = pytest.importorskip("safetensors.numpy").save_file
    path = tmp_path / "net.safetensors"
    net = MLP([3, 4, 2], seed=0)
    W, b = np.ones((4, 3), np.float32), np.zeros(4, np.float32)
    V, c = np.ones((2, 4), np.float32), np.zeros(2, np.float32)
    good = {"0.weight": W, "0.bias": b, "10.weight": V, "10.bias": c}
    before = arrays(net)
    for bad, message in [
        ({"0.weight": W, "0.bias": b}, "2 layers with parameters"),
        ({**good, "3.weight": W}, "2 layers with parameters"),
        ({**good, "0.running_mean": b}, "no place for"),
        ({k: v for k, v in good.items() if k != "10.bias"}, "no array '10.bias'"),
        ({**good, "10.weight": W}, "has shape"),
        ({**good, "0.bias": b + np.nan}, "holds nan"),
    ]:
        save(bad, path)
        with pytest.raises(ValueError, match=message):
            net.read_state_dict(path)
        for one, same in zip(arrays(net), before, strict=True):
            np.testing.assert_array_equal(one, same)
    path.write_bytes(b"no safetensors")
    with pytest.raises(FileFormatError, match="can't be read"):
        net.read_state_dict(path)
    save(good, path)
    net.read_state_dict(path)
    np.testing.assert_array_equal(net.weights[1], V)


def test_without_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match="pip install torch"):
        MLP([2, 1]).to_torch()
    with pytest.raises(MissingExtraError, match="pip install torch"):
        pybp.from_torch(object())


# ---- scikit-learn ----------------------------------------------------------------------------

sklearn = pytest.importorskip("sklearn")
from sklearn.neural_network import MLPClassifier, MLPRegressor  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import (  # noqa: E402
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)

X = np.random.default_rng(0).normal(size=(60, 4))
HALVES = (X[:, 0] > 0).astype(int)
TARGETS = {
    "two classes": (MLPClassifier, HALVES),
    "classes": (MLPClassifier, HALVES + 2 * (X[:, 1] > 0)),
    "labels": (MLPClassifier, np.column_stack([HALVES, 1 - HALVES])),
    "numbers": (MLPRegressor, X[:, :2]),
    "one number": (MLPRegressor, X[:, 0]),
}


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("target", TARGETS)
def test_sklearn(target, activation):
    kind, y = TARGETS[target]
    model = kind(hidden_layer_sizes=(5, 3), activation=activation, max_iter=3, random_state=0)
    model.fit(X, y)
    net = pybp.from_sklearn(model)
    assert net.dtype == np.float64
    for one, other in zip(net.weights, model.coefs_, strict=True):
        np.testing.assert_array_equal(one, other.T)
    wanted = model.predict_proba(X) if kind is MLPClassifier else model.predict(X)
    wanted = wanted[:, 1:] if target == "two classes" else wanted.reshape(len(X), -1)
    np.testing.assert_allclose(net.predict(X), wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize(
    "scaler",
    [
        *(StandardScaler(), StandardScaler(with_mean=False), StandardScaler(with_std=False)),
        *(
            MinMaxScaler((-1, 2)),
            RobustScaler(),
            RobustScaler(with_centering=False),
            MaxAbsScaler(),
        ),
    ],
    ids=repr,
)
def test_sklearn_pipelines(scaler):
    model = make_pipeline(scaler, MLPRegressor(hidden_layer_sizes=(5,), max_iter=3, random_state=0))
    model.fit(3 * X + 1, X[:, 0])
    net = pybp.from_sklearn(model)
    assert [layer.kind for layer in net.layers] == ["scale", "dense", "dense"]
    np.testing.assert_allclose(net.predict(X)[:, 0], model.predict(X), rtol=1e-9, atol=1e-12)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_sklearn_refusals():
    with pytest.raises(StateError, match="not fitted"):
        pybp.from_sklearn(MLPClassifier())
    with pytest.raises(TypeError, match="MLPClassifier or MLPRegressor"):
        pybp.from_sklearn(StandardScaler())
    model = make_pipeline(Normalizer(), MLPRegressor(hidden_layer_sizes=(5,), max_iter=1)).fit(
        X, X[:, 0]
    )
    with pytest.raises(TypeError, match="scalers"):
        pybp.from_sklearn(model)
    clipping = make_pipeline(MinMaxScaler(clip=True), MLPRegressor(max_iter=1)).fit(X, X[:, 0])
    with pytest.raises(TypeError, match="clip=True"):
        pybp.from_sklearn(clipping)
    other = MLPRegressor(hidden_layer_sizes=(5,), max_iter=1).fit(X, X[:, 0])
    other.predict = lambda rows: np.zeros(len(rows))
    with pytest.raises(ExportError, match="other outputs"):
        pybp.from_sklearn(other)


# ---- Keras: without it, objects with the attributes that are read ----------------------------


def layer(kind, weights=(), name="l", **config):
    made = type(kind, (), {})()
    made.name, made.get_config, made.get_weights = name, lambda: config, lambda: list(weights)
    return made


def sequential(*layers, predict, shape=(None, 3)):
    model = type("Sequential", (), {})()
    model.name, model.layers, model.input_shape = "model", list(layers), shape
    model.get_weights = lambda: [w for each in layers for w in each.get_weights()]
    model.predict = lambda rows, verbose: predict(rows)
    return model


W = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
B = np.random.default_rng(1).normal(size=4).astype(np.float32)


def test_keras_sequential():
    gamma, beta, mean, variance = B + 3, B, B / 2, B**2 + 1
    model = sequential(
        layer("InputLayer"),
        layer("Dense", [W, B], activation="swish", use_bias=True),
        layer(
            *("BatchNormalization", [gamma, beta, mean, variance]),
            **{"momentum": 0.99, "epsilon": 1e-3, "scale": True, "center": True},
        ),
        layer("Dropout", rate=0.25),
        layer("ReLU", max_value=6.0, negative_slope=0.0, threshold=0.0),
        predict=lambda x: np.clip(
            (silu(x @ W + B) - mean) / np.sqrt(variance + 1e-3) * gamma + beta, 0, 6
        ),
    )
    net = pybp.from_keras(model)
    wanted = [
        3,
        Dense(4, "silu"),
        pybp.BatchNorm(0.01, 1e-3),
        pybp.Dropout(0.25),
        Activation("relu6"),
    ]
    found = [(each.kind, each.activation) for each in net.layers]
    assert found == [(each.kind, each.activation) for each in MLP(wanted).layers]
    np.testing.assert_array_equal(net.weights[0], W.T)
    np.testing.assert_array_equal(net.running_statistics[1][1], variance)


def silu(x):
    return x / (1 + np.exp(-x))


def test_keras_refusals():
    def predict(x):
        return x @ W

    dense = layer("Dense", [W], activation="linear")
    for model, error, message in [
        (
            sequential(dense, layer("Conv1D"), predict=predict),
            ArgumentError,
            "(Conv1D) is no layer",
        ),
        (
            sequential(layer("Dense", [W], activation="exponential"), predict=predict),
            *(ArgumentError, "'exponential'"),
        ),
        (sequential(dense, predict=lambda x: x @ W + 1), ExportError, "other outputs"),
        (SimpleNamespace(), TypeError, "must be a Keras model"),
    ]:
        with pytest.raises(error, match=message.replace("(", r"\(").replace(")", r"\)")):
            pybp.from_keras(model)


def test_keras_itself(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    layers = keras.layers
    keras.utils.set_random_seed(0)
    x = keras.Input((5,))
    h = layers.BatchNormalization()(layers.Dense(6, use_bias=False)(layers.Rescaling(0.5, 1.0)(x)))
    h = layers.Activation("gelu")(h)
    h = layers.Add()([h, layers.Dense(6, "leaky_relu")(layers.GaussianNoise(0.2)(h))])
    h = layers.LeakyReLU(negative_slope=0.2)(layers.LayerNormalization(epsilon=1e-3)(h))
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(4, "hard_sigmoid"), layers.ELU(0.5)])
    model = keras.Model(x, layers.Dense(3, "softmax")(inner(h)))
    rows = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    model.compile("sgd", "mse")
    model.fit(rows, rows[:, :3], epochs=2, verbose=0)
    net = pybp.from_keras(model)
    np.testing.assert_allclose(net.predict(rows), model.predict(rows, verbose=0), atol=1e-6)
