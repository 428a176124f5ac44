"""Callbacks and progress."""

import sys
from contextlib import redirect_stderr
from io import StringIO

import numpy as np
import pytest

import pybp
from pybp import Callback
from pybp.callbacks import ReduceLROnPlateau
from pybp.errors import ArgumentError, BusyError
from pybp.training.progress import Bar, Lines, Progress, make_progress


class Recorder(Callback):
    def __init__(self):
        self.calls = []

    def on_fit_begin(self, net):
        self.calls.append("begin")

    def on_epoch_begin(self, net, epoch):
        self.calls.append(f"epoch {epoch}")

    def on_epoch_end(self, net, epoch, logs):
        self.calls.append((epoch, sorted(logs)))

    def on_fit_end(self, net, history):
        self.calls.append(("end", len(history)))


class Hook(Callback):
    """Calls a function at the end of each epoch."""

    def __init__(self, function):
        self.function = function

    def on_epoch_end(self, net, epoch, logs):
        return self.function(net, epoch, logs)


def test_hooks_are_called_in_order(classifier, blobs):
    recorder = Recorder()
    classifier.fit(*blobs, epochs=2, callbacks=[recorder], validation_split=0.1)
    logs = ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert recorder.calls == ["begin", "epoch 1", (1, logs), "epoch 2", (2, logs), ("end", 2)]


def test_the_base_class_does_nothing(classifier, blobs, same_state):
    twin = classifier.copy()
    classifier.fit(*blobs, epochs=2, callbacks=Callback())
    twin.fit(*blobs, epochs=2)
    assert same_state(classifier, twin)


def test_a_hook_may_stop(classifier, blobs):
    history = classifier.fit(
        *blobs, epochs=9, callbacks=[Hook(lambda net, epoch, logs: epoch == 3)]
    )
    assert history.epochs == [1, 2, 3]


def test_a_hook_may_stop_before_an_epoch(classifier, blobs, unchanged):
    class Never(Callback):
        def on_epoch_begin(self, net, epoch):
            return True

    with unchanged(classifier):
        history = classifier.fit(*blobs, epochs=9, callbacks=[Never()])
    assert len(history) == 0
    assert repr(history) == "<History of 0 epochs>"
    assert str(history) == "epoch"


def test_hooks_may_use_the_net(classifier, blobs):
    X, y = blobs
    seen = []

    def look(net, epoch, logs):
        seen.append((net.predict(X).shape, net.evaluate(X, y)["loss"]))
        net.check_gradients(X[:2], y[:2], max_entries=2)
        net.biases = [0 * b for b in net.biases]

    classifier.fit(X, y, epochs=2, callbacks=[Hook(look)])
    assert [shape for shape, _ in seen] == [(200, 3)] * 2
    assert not any(b.any() for b in classifier.biases)


def test_changing_logs_changes_no_history(classifier, blobs):
    history = classifier.fit(
        *blobs, epochs=2, callbacks=[Hook(lambda net, epoch, logs: logs.clear())]
    )
    assert len(history.history["loss"]) == 2


class Names(Callback):
    """Keeps the names that logs are to hold, and those that they hold."""

    def check_logs(self, names):
        self.names = names

    def on_epoch_end(self, net, epoch, logs):
        self.seen = tuple(logs)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"validation_split": 0.2, "metrics": ["auc", "accuracy"]},
        {"optimizer": pybp.Adam(lr=pybp.schedules.Cosine(0.1))},
        {"callbacks": [ReduceLROnPlateau("loss")], "validation_split": 0.2},
        {"optimizer": "lbfgs", "validation_split": 0.2, "metrics": ["auc"]},
    ],
)
def test_the_names_in_logs_are_known_at_the_start(classifier, blobs, settings):
    names = Names()
    others = settings.pop("callbacks", [])
    classifier.fit(*blobs, epochs=2, callbacks=[*others, names], **settings)
    assert names.names == names.seen


def test_the_names_in_logs_of_batches(classifier, blobs):
    names = Names()
    batches = [blobs, blobs]
    metrics = ["auc", "accuracy"]
    classifier.fit(batches, epochs=1, validation_data=batches, metrics=metrics, callbacks=[names])
    assert names.names == names.seen == ("loss", "accuracy", "val_loss", "val_auc", "val_accuracy")


def test_a_hook_may_not_fit(classifier, blobs):
    with pytest.raises(BusyError, match="callback can't fit it again"):
        classifier.fit(*blobs, callbacks=[Hook(lambda net, epoch, logs: net.fit(*blobs))])
    classifier.fit(*blobs, epochs=1)


def test_a_hook_that_raises_leaves_a_usable_net(classifier, blobs, same_state):
    twin = classifier.copy()

    def fail(net, epoch, logs):
        raise LookupError("of mine")

    with pytest.raises(LookupError, match="of mine"):
        classifier.fit(*blobs, epochs=9, callbacks=[Hook(fail)])
    twin.fit(*blobs, epochs=1)
    assert same_state(classifier, twin)
    classifier.fit(*blobs, epochs=1)


def test_a_metric_that_raises_leaves_a_usable_net(classifier, blobs):
    def broken(y_true, y_pred):
        return "high"

    with pytest.raises(TypeError, match="metric 'broken' must return a number, got 'high'"):
        classifier.fit(*blobs, metrics=[broken])
    classifier.fit(*blobs, epochs=1)


# ---- progress ----


class Terminal(StringIO):
    def isatty(self):
        return True


def printed(net, data, stream, **settings):
    with redirect_stderr(stream):
        net.fit(*data, **settings)
    return stream.getvalue()


def test_auto_is_quiet_where_nobody_looks(classifier, blobs):
    assert printed(classifier, blobs, StringIO(), epochs=2) == ""
    assert printed(classifier, blobs, Terminal(), epochs=2, progress=False) == ""


def test_lines_without_tqdm(classifier, blobs, monkeypatch):
    monkeypatch.setattr("pybp.training.progress.available", lambda module: False)
    for stream, progress in ((StringIO(), True), (Terminal(), "auto")):
        text = printed(classifier, blobs, stream, epochs=2, progress=progress)
        first, *_, last = text.splitlines()
        assert first.startswith("epoch 1/2  loss ")
        assert last.startswith("epoch 2/2  loss ")
        assert "accuracy" in last


def test_lines_skip_epochs_that_come_too_fast():
    stream = StringIO()
    lines = Lines(1000, stream, interval=60)
    for epoch in range(1, 1001):
        lines.on_epoch(epoch, {"loss": 0.5})
    assert [line.split()[1] for line in stream.getvalue().splitlines()] == ["1/1000", "1000/1000"]


def test_a_bar_with_tqdm(classifier, blobs):
    pytest.importorskip("tqdm")
    text = printed(classifier, blobs, Terminal(), epochs=3, validation_split=0.1)
    last = text.split("\r")[-1]
    assert "100%" in last
    assert "epoch 3/3" in last
    assert "18/18" in last
    assert "val_accuracy" in last


def test_a_bar_moves_within_an_epoch():
    pytest.importorskip("tqdm")
    bar = Bar(2, 10, StringIO())
    bar.on_step(4, 0.5)
    assert bar.bar.n == 4
    bar.on_epoch(1, {"loss": 0.5})
    bar.on_step(3, 0.25)
    assert bar.bar.n == 13
    assert bar.bar.postfix == "loss 0.25"
    bar.close()


def test_a_stopped_fit_closes_its_bar(classifier, blobs):
    pytest.importorskip("tqdm")
    stream = Terminal()

    def fail(net, epoch, logs):
        raise LookupError

    with redirect_stderr(stream), pytest.raises(LookupError):
        classifier.fit(*blobs, callbacks=[Hook(fail)])
    assert stream.getvalue().endswith("\n")


def test_a_loss_function_reports_steps(classifier, blobs):
    steps = []

    class Steps(Progress):
        shows_steps = True

        def on_step(self, count, loss):
            steps.append(count)

    def loss(y_true, y_pred):
        return np.zeros(len(y_pred)), np.zeros_like(y_pred)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pybp.mlp.make_progress", lambda *_: Steps())
        classifier.fit(*blobs, loss=loss, batch_size=50, epochs=1)
    assert steps == [1, 2, 3, 4]


@pytest.mark.parametrize("progress", ["yes", None, 2])
def test_progress_is_one_of_three(progress):
    with pytest.raises(ArgumentError, match="progress must be True, False or 'auto'"):
        make_progress(progress, 1, 1)


def test_notebooks_are_recognised(monkeypatch):
    class Shell:
        config = {"IPKernelApp": {}}  # noqa: RUF012

    class IPython:
        get_ipython = staticmethod(Shell)

    from pybp._common.optional import in_notebook

    assert not in_notebook()
    monkeypatch.setitem(sys.modules, "IPython", IPython)
    assert in_notebook()
