"""First guesses from other libraries get an answer, and signatures stay what they are."""

import inspect

import numpy as np
import pytest

import pybp
from pybp import (
    MLP,
    activations,
    callbacks,
    datasets,
    initializers,
    layers,
    losses,
    optimizers,
    plotting,
    schedules,
)
from pybp._common.explain import explained

X, Y = np.eye(2), np.array([0.0, 1.0])


@pytest.fixture
def net():
    return MLP([2, 3, 1], seed=0)


GUESSES = {
    "MLP(2, 3, 1)": r"MLP\(\) takes layers and then .* one list, such as MLP\(\[784",
    "MLP([2, 1], learning_rate=0.1)": r"use optimizer=pybp.Adam\(lr=",
    "MLP([2, 1], random_state=0)": "did you mean 'seed'",
    "MLP(hidden_layer_sizes=(5,))": "all sizes are one list",
    "MLP([2, 1], optimizer='sgd')": "it is an argument of MLP.fit",
    "net.fit(X, Y, lr=0.1)": r"MLP.fit\(\) .* 'lr'; use optimizer=pybp.Adam\(lr=",
    "net.fit(X, Y, weight_decay=0.1)": r"optimizer=pybp.AdamW\(weight_decay=",
    "net.fit(X, Y, momentum=0.1)": r"optimizer=pybp.SGD\(momentum=",
    "net.fit(X, Y, verbose=1)": "did you mean 'progress'",
    "net.fit(X, Y, n_epochs=1)": "did you mean 'epochs'",
    "net.fit(X, Y, epoch=1)": "did you mean 'epochs'",
    "net.fit(X, Y, patience=1)": "EarlyStopping",
    "net.fit(X, Y, validation_fraction=0.1)": "did you mean 'validation_split'",
    "net.fit(X, Y, 10)": r"MLP.fit\(\) takes X, y and then arguments by name",
    "net.fit(X, Y, unheard_of=1)": r"\(it takes X, y, loss, optimizer, epochs,",
    "net.train_step(X, Y, lr=0.1)": r"optimizer=pybp.Adam\(lr=",
    "net.step(lr=0.1)": r"MLP.step\(\) .* optimizer=pybp.Adam\(lr=",
    "net.evaluate(X, Y, batch_size=1)": "it is an argument of MLP.fit",
    "MLP.load()": "MLP.load.* missing a required argument: 'path'",
    "pybp.Adam(learning_rate=0.1)": r"^Adam\(\) .*; did you mean 'lr'\?",
    "pybp.Dense(units=3)": "did you mean 'n_out'",
    "pybp.Dense(3, use_bias=False)": "did you mean 'bias'",
    "pybp.Dropout(p=0.5)": "did you mean 'rate'",
    "pybp.callbacks.EarlyStopping(restore_best_weights=True)": "did you mean 'restore_best'",
    "pybp.losses.Huber(detla=1)": "did you mean 'delta'",
    "pybp.plotting.plot_weights(net, bin=1)": "did you mean 'bins'",
    "pybp.datasets.train_test_split(X, Y, random_state=0)": "did you mean 'seed'",
}


@pytest.mark.parametrize(("call", "message"), GUESSES.items(), ids=GUESSES)
def test_arguments_from_elsewhere(net, unchanged, call, message):
    names = {"pybp": pybp, "MLP": MLP, "net": net, "X": X, "Y": Y}
    with unchanged(net), pytest.raises(TypeError, match=message):
        eval(call, names)


VALUES = {
    "MLP([2, 1], activation='rleu')": "did you mean 'relu'",
    "MLP([2, 1], activation='swish')": "did you mean 'silu'",
    "MLP([2, 1], output='logistic')": "did you mean 'sigmoid'",
    "MLP([2, 1], init='kaiming_normal')": "did you mean 'he_normal'",
    "MLP([2, 1], dtype='float16')": "did you mean 'float32'",
    "net.fit(X, Y, loss='mean_squared_error')": "did you mean 'mse'",
    "net.fit(X, Y, loss='sparse_categorical_crossentropy')": "did you mean 'cross_entropy'",
    "net.fit(X, Y, optimizer='Adam')": "did you mean 'adam'",
    "net.fit(X, Y, optimizer='L-BFGS')": "did you mean 'lbfgs'",
    "net.fit(X, Y, metrics=['acc'])": "did you mean 'accuracy'",
    "pybp.losses.MSE(reduction='maen')": "must be 'mean' or 'sum', got 'maen'.*did you mean 'mean'",
    "pybp.callbacks.EarlyStopping(mode='maximum')": "did you mean 'max'",
}


@pytest.mark.parametrize(("call", "message"), VALUES.items(), ids=VALUES)
def test_names_from_elsewhere(net, unchanged, call, message):
    names = {"pybp": pybp, "MLP": MLP, "net": net, "X": X, "Y": Y}
    with unchanged(net), pytest.raises(ValueError, match=message):
        eval(call, names)


MODULES = [
    *(pybp, activations, callbacks, datasets, initializers, layers, losses, optimizers),
    *(plotting, schedules),
]
PUBLIC = [
    pytest.param(getattr(module, name), id=f"{module.__name__}.{name}")
    for module in MODULES
    for name in module.__all__
    if inspect.isfunction(getattr(module, name)) or inspect.isclass(getattr(module, name))
]


@pytest.mark.parametrize("public", PUBLIC)
def test_whatever_is_public_explains_its_arguments(public):
    if "__init__" in vars(public) or inspect.isfunction(public):
        with pytest.raises(TypeError, match=r"unexpected keyword argument 'unheard_of'.*it takes"):
            public(unheard_of=1)


METHODS = ["fit", "train_step", "evaluate", "save", "load", "forward", "backward", "step"]
METHODS += ["trace", "diagnose", "check_gradients"]


@pytest.mark.parametrize("name", METHODS)
def test_methods_explain_their_arguments(net, name):
    with pytest.raises(TypeError, match=rf"^MLP.{name}\(\) .* 'unheard_of' \(it takes"):
        getattr(net, name)(unheard_of=1)


def test_errors_from_within_are_left_alone():
    @explained
    def function(x):
        return len(x)

    with pytest.raises(TypeError, match=r"object of type 'int' has no len\(\)"):
        function(3)


def test_a_net_is_a_function_of_its_inputs(net):
    np.testing.assert_array_equal(net(X), net.predict(X))
    np.testing.assert_array_equal(net(X[0], threads=1), net.predict(X[0]))


# ---- signatures and completion ----


@pytest.mark.parametrize("public", PUBLIC)
def test_signatures_show_aliases_by_name(public):
    if not public.__module__.startswith("pybp"):
        return  # an alias of a type
    functions = [member for _, member in inspect.getmembers(public, inspect.isfunction)]
    if inspect.isfunction(public) or "__init__" in vars(public):
        functions.append(public)
    for function in functions:
        for parameter in inspect.signature(function).parameters.values():
            annotation = str(parameter).split("=")[0]
            assert len(annotation) < 90
            assert "'" not in annotation or "Literal[" in annotation


def test_the_signature_of_fit():
    text = str(inspect.signature(MLP.fit))
    assert "loss: LossLike = None, optimizer: OptimizerLike = 'adam', epochs: int = 10" in text
    assert text.endswith(") -> History")
    assert str(inspect.signature(MLP)).startswith(
        "(layers: Sequence[LayerLike], *, activation: ActivationLike = 'relu', output: "
    )


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_completion_gives_public_names(module):
    assert dir(module) == sorted(module.__all__)
