"""Schedules: against the oracle and PyTorch, and as the learning rate of training."""

import dataclasses
import inspect
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pybp
from pybp import schedules
from pybp._core import schedule_rates
from pybp.errors import ArgumentError
from pybp.schedules import (
    Constant,
    Cosine,
    CosineRestarts,
    CosLog4,
    Cyclic,
    Exponential,
    FlatCos,
    Function,
    InverseScaling,
    Linear,
    MultiStep,
    OneCycle,
    Polynomial,
    Sequential,
    Step,
)

import oracle
from nets import assert_same_weights, mse
from project import TRAJECTORIES
from registered import CLASSES
from trajectories.schedule_cases import CASES, LR, STEPS

STORED = np.load(TRAJECTORIES / "schedules.npz")

# One of each, with parameters that are not the defaults.
SAMPLES = {
    "constant": Constant(0.03),
    "linear": Linear(0.03, 0.2, 0.9, steps=70),
    "step": Step(0.03, 9, 0.7),
    "multistep": MultiStep(0.03, [0, 4, 4, 50], 0.6),
    "exponential": Exponential(0.03, 0.8, 7),
    "polynomial": Polynomial(0.03, 1.3, 0.002, steps=80),
    "inverse_scaling": InverseScaling(0.03, 0.7),
    "cosine": Cosine(0.03, 0.001, 0.15, 0.004, steps=80),
    "cosine_restarts": CosineRestarts(0.03, 5, 3, 0.001, 0.7),
    "one_cycle": OneCycle(0.03, 0.4, 10.0, 20.0, True, steps=90),
    "cyclic": Cyclic(0.03, 0.002, 6, 11, "exp_range", 0.97),
    "coslog4": CosLog4(0.03, steps=95),
    "flat_cos": FlatCos(0.03, flat=0.3, steps=95),
}


def twin(schedule, t, N=None):
    """What the oracle says."""
    rule = oracle.SCHEDULES[schedule.name]
    options = dict(
        zip((p["name"] for p in schedule.row["params"]), schedule.parameters, strict=True)
    )
    if hasattr(schedule, "milestones"):
        options["milestones"] = schedule.milestones
    if "N" in inspect.signature(rule).parameters:
        options["N"] = schedule.steps or N
    return rule(t, schedule.lr, **options)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_have_no_default(name):
    """Except for the unit of time, which other tests change."""
    schedule = SAMPLES[name]
    for field in dataclasses.fields(schedule):
        same = getattr(schedule, field.name) == field.default
        assert not same or field.name in ("per", "steps"), field.name


def test_there_is_a_sample_of_each():
    assert set(SAMPLES) == set(CLASSES["schedules"])


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("first", [0, 1, 37])
def test_the_oracle_agrees(name, first):
    schedule = SAMPLES[name]
    expected = twin(schedule, np.arange(first, first + 100))
    np.testing.assert_allclose(schedule.rates(first, 100), expected, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", CASES)
def test_pytorch_agrees(name):
    schedule = eval(CASES[name][2], vars(schedules) | {"LR": LR})
    # PyTorch multiplies from step to step, so its rounding errors add up.
    np.testing.assert_allclose(schedule.rates(0, STEPS), STORED[name], rtol=1e-10, atol=1e-15)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(1, 300), st.integers(0, 300), st.data())
def test_any_part_of_a_schedule_is_that_part(first, horizon, n, data):
    lr = data.draw(st.floats(0.0, 10.0))
    sequence = Sequential([Linear(lr, 0.0), Constant(lr), Cosine(lr)], [0.1, 0.5])
    samples = [dataclasses.replace(sample, lr=lr) for sample in SAMPLES.values()]
    open_ended = [
        dataclasses.replace(sample, steps=None) for sample in samples if hasattr(sample, "steps")
    ]
    schedule = data.draw(st.sampled_from([*samples, *open_ended, sequence]))
    whole = schedule.rates(0, first + n, horizon=horizon)
    part = schedule.rates(first, n, horizon=horizon)
    assert part.tobytes() == whole[first:].tobytes()
    assert ((whole >= 0) & (whole <= max(lr, 0.004) * (1 + 1e-12))).all()


def test_where_schedules_begin_and_end():
    assert Cosine(2.0, steps=10).rates(0, 11)[[0, 10]].tolist() == [2.0, 0.0]
    assert Cosine(2.0, 0.5, steps=10).rates(50, 1).tolist() == [0.5]
    assert Cosine(2.0, warmup=4, warmup_lr=1.0, steps=10).rates(0, 5)[[0, 2, 4]].tolist() == [
        1.0,
        1.5,
        2.0,
    ]
    assert OneCycle(2.0, 0.3, steps=10).rates(2, 1).tolist() == [2.0]
    np.testing.assert_allclose(OneCycle(2.0, steps=10).rates(0, 10)[[0, 9]], [0.08, 8e-6])
    assert CosLog4(2.0, steps=15).rates(0, 16)[[0, 15]].tolist() == [0.0, 0.0]
    assert CosineRestarts(2.0, 4, gamma=0.5).rates(0, 9)[[0, 4, 8]].tolist() == [2.0, 1.0, 0.5]


def test_epochs_as_the_unit():
    by_epoch = Step(1.0, 2, 0.5, per="epoch").rates(0, 10, steps_per_epoch=2)
    assert by_epoch.tolist() == [1.0] * 4 + [0.5] * 4 + [0.25] * 2
    assert Step(1.0, 2, 0.5, per="epoch").rates(3, 2, steps_per_epoch=2).tolist() == [1.0, 0.5]
    cosine = Cosine(1.0, per="epoch").rates(0, 12, horizon=12, steps_per_epoch=3)
    assert cosine.tolist() == np.repeat(Cosine(1.0, steps=4).rates(0, 4), 3).tolist()
    assert len(Cosine(1.0, per="epoch").rates(0, 0, horizon=12, steps_per_epoch=3)) == 0
    with pytest.raises(ArgumentError, match="counts epochs, which only fit does"):
        Step(1.0, 2, per="epoch").rates(0, 1)


def test_a_sequence():
    sequence = Sequential([Linear(1.0, 0.0), Constant(1.0), Cosine(1.0)], [4, 10], steps=20)
    rates = sequence.rates(0, 25)
    assert rates[:5].tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert rates[5:10].tolist() == [1.0] * 5
    assert rates[10:20].tolist() == Cosine(1.0, steps=10).rates(0, 10).tolist()
    assert rates[20:].tolist() == [0.0] * 5
    fractions = Sequential([Linear(1.0, 0.0), Constant(1.0), Cosine(1.0)], [0.2, 0.5])
    assert fractions.rates(0, 25, horizon=20).tolist() == rates.tolist()
    assert Sequential([Step(1.0, 2), Exponential(0.5)], [3]).rates(2, 3).tolist() == [
        0.1,
        0.5,
        0.5 * 0.9,
    ]


def test_specs_compare_print_and_pickle():
    assert Cosine(0.1) == Cosine(0.1) != Cosine(0.2)
    assert repr(MultiStep(0.1, [3, 5])) == "MultiStep(0.1, (3, 5))"
    assert (
        repr(OneCycle(0.1, linear=True, per="epoch")) == "OneCycle(0.1, linear=True, per='epoch')"
    )
    optimizer = pybp.Adam(lr=Sequential([Linear(1.0, steps=3), Constant(1.0)], [3]))
    assert pickle.loads(pickle.dumps(optimizer)) == optimizer
    assert hash(optimizer) == hash(pickle.loads(pickle.dumps(optimizer)))
    assert isinstance(pybp.SGD(lr=lambda t: 0.1).lr, Function)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cosine(-1.0), "lr must be a finite number >= 0, got -1.0"),
        (lambda: Cosine(0.1, min_lr=-1.0), "min_lr must be a finite number >= 0"),
        (lambda: Cosine(0.1, warmup=2.5), "warmup must be a fraction below 1 or a whole number"),
        (lambda: Cosine(0.1, warmup=5, steps=5), "warmup=5 must be less than steps=5"),
        (lambda: Cosine(0.1, warmup=5).rates(0, 1, horizon=5), "warmup = 5 leaves none of 5 steps"),
        (lambda: Cosine(0.1, per="day"), "per must be 'step' or 'epoch', got 'day'"),
        (lambda: Cosine(0.1, steps=0), "steps must be a whole number >= 1, got 0"),
        (lambda: Cosine(0.1).rates(0, 1), "Cosine\\(0.1\\) needs steps="),
        (lambda: Cosine(0.1, steps=3).rates(-1, 1), "first must be a whole number >= 0"),
        (lambda: Step(0.1, 0), "step_size must be a whole number >= 1"),
        (lambda: Step(0.1, 3, gamma=0.0), "gamma must be a finite number > 0"),
        (lambda: MultiStep(0.1, [5, 3]), "milestones must be in ascending order, got 3 after 5"),
        (lambda: MultiStep(0.1, [-1]), "milestones must be a whole number >= 0"),
        (lambda: OneCycle(0.1, pct_start=1.0), "pct_start must be a number in \\[0, 1\\), got 1.0"),
        (lambda: Cyclic(0.1, mode="square"), "mode must be 'triangular'"),
        (lambda: Cyclic(0.1, mode="exp_range", gamma=1.5), "gamma must be a number in"),
        (lambda: CosineRestarts(0.1, 5, 1001), "factor must be a number in"),
        (lambda: Sequential([], []), "0 schedules need 0 milestones"),
        (lambda: Sequential([Step(0.1, 3)], [4]), "1 schedules need 0 milestones, got 1"),
        (
            lambda: Sequential([Constant(1)] * 2, [2.5]),
            "whole numbers, or fractions below 1, got 2.5",
        ),
        (lambda: Sequential([Constant(1)] * 2, [9], steps=9), "steps=9 ends before"),
        (lambda: Sequential([Constant(1)] * 3, [9, 2]).rates(0, 1), "in ascending order"),
        (lambda: Sequential([Constant(1)] * 2, [0.5]).rates(0, 1), "milestones are fractions"),
        (lambda: Function(lambda t: -t).rates(0, 2), "returns for 1 must be a finite number >= 0"),
    ],
)
def test_wrong_values(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cosine("0.1"), "lr must be a number, got '0.1'"),
        (lambda: Step(0.1, 2.5), "step_size must be a whole number"),
        (lambda: Cosine(0.1, steps=2.0), "steps must be a whole number"),
        (lambda: MultiStep(0.1, 5), "milestones must be a list, got 5"),
        (lambda: OneCycle(0.1, linear=1), "linear must be True or False, got 1"),
        (lambda: Sequential([0.1], []), "schedules must be a list of schedules, got 0.1"),
        (lambda: Function(0.1), "function must be callable, got 0.1"),
        (
            lambda: Function(lambda t: "much").rates(0, 1),
            "returns for 0 must be a number, got 'much'",
        ),
        (lambda: pybp.SGD(lr=Cosine), "lr must be a number"),
    ],
)
def test_wrong_types(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_the_core_refuses_what_python_would_not_send():
    with pytest.raises(ArgumentError, match="no such schedule"):
        schedule_rates(99, 0.1, (), np.empty(0, np.uint64), 0, 0, np.empty(1))


# ---- training ----


def updates(net, data, optimizers, **settings):
    """Train with plain learning rates, one call for each."""
    X, y = data
    for optimizer in optimizers:
        net.train_step(X, y, optimizer=optimizer, **settings)


@pytest.fixture
def small():
    X = np.linspace(-1, 1, 12).reshape(6, 2)
    return pybp.MLP([2, 4, 1], seed=1, dtype="float64"), (X, X[:, 0])


SCHEDULE = Cosine(0.1, warmup=0.2)


def test_fit_takes_a_rate_for_each_step(small):
    net, (X, y) = small
    twin = net.copy()
    net.fit(X, y, optimizer=pybp.Adam(lr=SCHEDULE), epochs=5, batch_size=2, shuffle=False)
    rates = SCHEDULE.rates(0, 15, horizon=15)
    for step, rate in enumerate(rates):
        rows = slice(step % 3 * 2, step % 3 * 2 + 2)
        twin.train_step(X[rows], y[rows], optimizer=pybp.Adam(lr=float(rate)))
    assert_same_weights(net, twin)


@pytest.mark.parametrize("lr", [Exponential(0.1, 0.9), lambda t: 0.1 * 0.9**t])
def test_every_way_to_train_goes_on_with_the_schedule(small, lr):
    net, (X, y) = small
    twin = net.copy()
    optimizer = pybp.SGD(lr=lr)
    net.fit(X, y, optimizer=optimizer, epochs=2, batch_size=3, shuffle=False)
    net.train_step(X, y, optimizer=optimizer)
    net.forward(X)
    net.backward(2 * (net.forward(X) - y[:, None]) / len(X))
    net.step(optimizer)
    net.fit(X, y, optimizer=optimizer, epochs=1)
    rates = Exponential(0.1, 0.9).rates(0, 7) if isinstance(lr, Exponential) else None
    rates = [lr(t) for t in range(7)] if rates is None else rates
    rows = [slice(3), slice(3, 6)] * 2 + [slice(6)] * 3
    for rate, part in zip(rates, rows, strict=False):
        twin.train_step(X[part], y[part], optimizer=pybp.SGD(lr=float(rate)))
    assert_same_weights(net, twin, rtol=1e-12)


def test_it_starts_anew_with_the_optimizer(small):
    net, (X, y) = small
    falling = Step(1.0, 1, 1e-9)  # only the very first step does anything
    net.train_step(X, y, optimizer=pybp.SGD(lr=falling))
    before = net.weights
    net.train_step(X, y, optimizer=pybp.SGD(lr=falling))
    assert np.allclose(net.weights[0], before[0], atol=1e-8)
    net.reset_optimizer()
    net.train_step(X, y, optimizer=pybp.SGD(lr=falling))
    assert not np.allclose(net.weights[0], before[0], atol=1e-8)


def test_a_second_fit_goes_on_to_its_own_end(small):
    net, (X, y) = small
    seen = []
    lr = Sequential([Function(lambda t: seen.append(t) or 0.1), Cosine(0.1)], [12])
    net.fit(X, y, optimizer=pybp.SGD(lr=lr), epochs=2, batch_size=2)
    net.fit(X, y, optimizer=pybp.SGD(lr=lr), epochs=3, batch_size=2)
    assert seen == list(range(12))
    assert net._net.get_progress()[1] == 15


def test_epochs_as_the_unit_of_a_fit(small):
    net, (X, y) = small
    twin = net.copy()
    net.fit(X, y, optimizer=pybp.SGD(lr=Step(0.1, 1, 0.5, per="epoch")), epochs=3, batch_size=2)
    for rate in (0.1, 0.05, 0.025):
        twin.fit(X, y, optimizer=pybp.SGD(lr=rate), epochs=1, batch_size=2)
    assert_same_weights(net, twin)


def test_a_loss_function_follows_the_schedule_too(small):
    net, (X, y) = small
    twin = net.copy()

    settings = {"optimizer": pybp.SGD(lr=SCHEDULE), "epochs": 3, "batch_size": 4}
    net.fit(X, y, loss=mse, **settings)
    twin.fit(X, y, loss="mse", **settings)
    assert_same_weights(net, twin, rtol=1e-12)


def test_outside_fit_a_schedule_needs_its_own_end(small, unchanged):
    net, (X, y) = small
    with unchanged(net):
        with pytest.raises(ArgumentError, match="needs steps=: without fit its length is unknown"):
            net.train_step(X, y, optimizer=pybp.SGD(lr=Cosine(0.1)))
        with pytest.raises(ArgumentError, match="counts epochs"):
            net.train_step(X, y, optimizer=pybp.SGD(lr=Step(0.1, 3, per="epoch")))
        with pytest.raises(ArgumentError, match="returns for 0 must be a finite number"):
            net.fit(X, y, optimizer=pybp.SGD(lr=lambda t: float("nan")))
    net.train_step(X, y, optimizer=pybp.SGD(lr=Cosine(0.1, steps=9)))


def test_a_function_that_raises_leaves_a_usable_net(small, unchanged):
    net, (X, y) = small

    def fail(t):
        raise LookupError("of mine")

    with unchanged(net), pytest.raises(LookupError, match="of mine"):
        net.fit(X, y, optimizer=pybp.SGD(lr=fail))
    net.fit(X, y, epochs=1)


def test_any_number_of_threads_gives_the_same_bits(classifier, blobs, same_state):
    twin = classifier.copy()
    optimizer = pybp.Adam(lr=OneCycle(0.01))
    classifier.fit(*blobs, optimizer=optimizer, epochs=3, threads=1)
    twin.fit(*blobs, optimizer=optimizer, epochs=3, threads=2)
    assert same_state(classifier, twin)


def test_divergence_names_the_schedule(small):
    net, (X, y) = small
    with pytest.raises(pybp.errors.DivergenceError, match=r"than lr=Cosine\(1e\+200\)"):
        net.fit(X, y, optimizer=pybp.SGD(lr=Cosine(1e200)), epochs=5)
