"""C files that compute in integers of 8 bits."""

import numpy as np
import pytest

import pybp
from pybp import MLP, Activation, BatchNorm, Dense, Dropout, Embedding, Residual, Scale
from pybp.datasets import load_digits, train_test_split
from pybp.errors import ArgumentError
from pybp.export.c.integers import IntegerNet

from c_programs import COMPILERS, STRICT, compiled, run, run_on_cortex_m, shared_library
from layer_nets import disturb, inputs
from registered import HIDDEN

BLOCK = Residual([Dense(9, "gelu"), BatchNorm(), Dropout(0.1), Dense(9)], activation="relu")
LAYERS = {
    "dense": [6, Dense(9, "relu"), Dense(4, "softmax")],
    "no bias": [6, Dense(9, "relu6", bias=False), Dense(4, bias=False)],
    "folded": [
        6,
        Dense(9),
        BatchNorm(),
        Scale(bias=True),
        Activation("tanh"),
        Dense(3),
        BatchNorm(),
    ],
    "norm first": [6, BatchNorm(), Dense(9, "silu"), Activation("sigmoid"), Dense(3, "sigmoid")],
    "residuals": [6, 9, BLOCK, BLOCK, Residual([Dense(5, "tanh")], projection=True), 3],
    "norm of a sum": [6, 9, Residual([Dense(9)]), BatchNorm(), Activation("relu"), 3],
    "embedding": [6, Embedding({1: (5, 4), 4: 3}), Dense(9, "mish"), 3],
    "embedding alone": [6, Embedding({0: (5, 4), 2: (3, 2)})],
    "parametric": [6, 9, pybp.ParametricActivation("gelu"), 3],
    "softmax alone": [6, Activation("softmax")],
    "softmax of a sum": [6, 9, Residual([Dense(9)]), Activation("softmax")],
    "activation last": [6, 9, BLOCK, Activation("tanh")],
    "dropout alone": [6, Dropout(0.5)],
    **{f"{name} last": [6, Dense(5, name)] for name in ("relu", "sigmoid", "gelu")},
    **{f"{name} inside": [6, 9, Residual([Dense(9)]), Activation(name), 4] for name in HIDDEN},
}
CLOSE = 0.1  # of the range of the outputs


def made(name):
    net = MLP(LAYERS[name], seed=1)
    disturb(net, np.random.default_rng(0))
    return net, inputs(LAYERS[name], 300, np.random.default_rng(3), "float32")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("int8")
    nets = {f"net{index}": made(name) for index, name in enumerate(LAYERS)}
    for name, (net, X) in nets.items():
        net.to_c(folder / f"{name}.c", name=name, dtype="int8", X=X)
    return folder, nets


@pytest.fixture(scope="module", params=COMPILERS)
def library(exported, request):
    folder, nets = exported
    define = [f"-D{name.upper()}_SELF_TEST" for name in nets]
    return shared_library(request.param, [folder / f"{name}.c" for name in nets], folder, *define)


@pytest.mark.parametrize(("index", "name"), list(enumerate(LAYERS)), ids=list(LAYERS))
def test_near_the_net_with_the_same_bits(library, exported, index, name):
    net, X = exported[1][f"net{index}"]
    found, wanted = library.predict(f"net{index}", X, net.n_out), net.predict(X)
    assert abs(found - wanted).max() <= CLOSE * (wanted.max() - wanted.min())
    np.testing.assert_array_equal(found, IntegerNet(net, X).predict(X))
    assert library.self_test(f"net{index}") == 0


def test_inputs_beyond_the_range_are_clipped(library, exported):
    net, X = exported[1]["net0"]
    far = np.float32([X.min(axis=0) * 1e3, X.max(axis=0) * 1e30, [1e38, -1e38] * 3])
    np.testing.assert_array_equal(
        library.predict("net0", far, net.n_out), IntegerNet(net, X).predict(far)
    )


@pytest.mark.parametrize("compiler", COMPILERS)
def test_no_warnings_and_no_undefined_behaviour(exported, compiler, tmp_path):
    source = exported[0] / f"net{list(LAYERS).index('residuals')}.c"
    options = [*STRICT, "-fsanitize=undefined", "-fno-sanitize-recover=all"]
    define = f"-D{source.stem.upper()}_MAIN"
    run([compiled([compiler], [source], tmp_path / "program", *options, define)])


def test_on_a_cortex_m(exported, tmp_path):
    run_on_cortex_m(exported[0] / f"net{list(LAYERS).index('residuals')}.c", tmp_path)


def test_accuracy_on_digits():
    X_train, X_test, y_train, y_test = train_test_split(*load_digits(), seed=1)
    net = MLP([64, 64, 10], activation="relu", output="softmax", seed=0)
    net.fit(X_train, y_train, epochs=15, progress=False)
    integers = IntegerNet(net, np.float32(X_train)).predict(np.float32(X_test))
    accuracy = [
        (outputs.argmax(axis=1) == y_test).mean() for outputs in (integers, net.predict(X_test))
    ]
    assert accuracy[0] > 0.92
    assert abs(accuracy[0] - accuracy[1]) < 0.01


# ---- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layer", [pybp.LayerNorm(), pybp.RMSNorm(), pybp.Periodic(2), pybp.PeriodicEmbedding()]
)
def test_norms_of_rows_and_embedded_numbers_are_refused_by_name(tmp_path, layer):
    with pytest.raises(
        ArgumentError, match=getattr(layer, "name", "periodic").replace("concat", "periodic")
    ):
        MLP([2, layer, 1], seed=0).to_c(tmp_path / "net.c", dtype="int8", X=np.eye(2))
    assert list(tmp_path.iterdir()) == []


def test_inputs_are_needed(tmp_path):
    with pytest.raises(ArgumentError, match="needs X"):
        MLP([2, 1], seed=0).to_c(tmp_path / "net.c", dtype="int8")


def test_too_wide_for_sums_in_32_bits(tmp_path):
    net = MLP([140_000, Dense(1, init=pybp.initializers.Constant(1.0))], seed=0)
    with pytest.raises(ArgumentError, match="too wide"):
        net.to_c(tmp_path / "net.c", dtype="int8", X=np.ones((1, 140_000)))


def test_numbers_of_all_sizes(tmp_path):
    """Scales that are 0, huge or tiny."""
    net = MLP([2, Dense(3, "relu"), Dense(2)], seed=0)
    X = np.float32([[1e-30, 0], [0, 1e-30]])
    for weights in ([[0, 0], [1e20, 0], [-1e-20, 1]], [[0, 0]] * 3):
        net.weights = [weights, [[1e10, 0, 1], [0, 0, 0]]]
        net.biases = [[1e9, 0, -1e-9], [0, 5e-3]]
        net.to_c(tmp_path / "net.c", dtype="int8", X=X)
        program = compiled(["gcc"], [tmp_path / "net.c"], tmp_path / "net", *STRICT, "-DNET_MAIN")
        run([program])
