"""Ctrl-C, signal handlers, threads, fork and memory, in processes of their own."""

import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import pybp
from pybp import MLP, Callback
from pybp.errors import BusyError

from processes import heed_ctrl_c, linux, run, script


def endless(rows=10**7):
    """Data whose epoch takes long, in little memory."""
    return np.broadcast_to(np.ones(50, np.float32), (rows, 50)), np.zeros(rows, np.int32)


# ---- signals ----


@linux
@pytest.mark.parametrize("batch_size", [32, 4096])
def test_ctrl_c(batch_size):
    code = f"""
    net = MLP([50, 64, 2], output="softmax", seed=0)
    class Ready(pybp.Callback):
        def on_epoch_begin(self, net, epoch):
            print("ready", flush=True)
    rows = 10**7
    data = np.broadcast_to(np.ones(50, "f4"), (rows, 50)), np.zeros(rows, "i4")
    before = digest(net)
    try:
        net.fit(*data, batch_size={batch_size}, callbacks=[Ready()])
    except KeyboardInterrupt:
        print("stopped", flush=True)
    assert digest(net) != before
    assert np.isfinite(net.predict(data[0][:5])).all()
    net.fit(data[0][:100], data[1][:100], epochs=1)
    print("usable", flush=True)
    """
    with subprocess.Popen(
        script(code), stdout=subprocess.PIPE, text=True, preexec_fn=heed_ctrl_c
    ) as child:
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.3)
        sent = time.monotonic()
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "stopped\n"
        answered = time.monotonic() - sent
        assert child.stdout.readline() == "usable\n"
    assert child.returncode == 0
    # 0.1 s on an idle machine; tests run on busy ones too.
    assert answered < 1.0


@linux
@pytest.mark.parametrize("rows", [10**7, 64])
def test_a_signal_handler_may_copy_the_net(rows):
    """Between two steps, and among many short epochs."""
    copies = []

    def save(signum, frame):
        copies.append(net.copy())
        raise TimeoutError

    net = MLP([50, 64, 2], output="softmax", seed=0)
    X, y = endless(rows)
    before = signal.signal(signal.SIGALRM, save)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(TimeoutError):
            net.fit(X, y, batch_size=64, epochs=10**9)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert len(copies) == 1
    assert np.isfinite(copies[0].predict(X[:3])).all()


@linux
@pytest.mark.parametrize("rows", [10**7, 64])
def test_a_signal_handler_that_raises_stops_training(rows):
    """Within an epoch, and among many short ones."""

    def ring(signum, frame):
        raise TimeoutError("time is up")

    net = MLP([50, 64, 2], output="softmax", seed=0)
    X, y = endless(rows)
    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(TimeoutError, match="time is up"):
            net.fit(X, y, batch_size=64, epochs=10**9)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert np.isfinite(net.predict(X[:3])).all()
    net.fit(X[:100], y[:100], epochs=1)


@linux
def test_a_signal_handler_that_returns_lets_training_go_on(blobs, classifier, same_state):
    twin = classifier.copy()
    rung = []
    before = signal.signal(signal.SIGALRM, lambda signum, frame: rung.append(signum))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        classifier.fit(*blobs, epochs=10000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert rung
    twin.fit(*blobs, epochs=10000)
    assert same_state(classifier, twin)


def test_a_progress_report_that_raises_stops_training(monkeypatch):
    class Broken(pybp.training.progress.Progress):
        shows_steps = True

        def on_step(self, steps, loss):
            raise LookupError("no screen")

    monkeypatch.setattr("pybp.mlp.make_progress", lambda *_: Broken())
    net = MLP([50, 64, 2], output="softmax", seed=0)
    X, y = endless()
    with pytest.raises(LookupError, match="no screen"):
        net.fit(X, y)
    assert np.isfinite(net.predict(X[:3])).all()


# ---- fork ----


@linux
@pytest.mark.parametrize("threads", [1, 2, 4])
def test_fit_fork_fit(threads):
    out = run(f"""
    net = make()
    net.fit(X, y, epochs=2, threads={threads}, batch_size=300)
    twin = net.copy()
    child = os.fork()
    if child == 0:
        net.fit(X, y, epochs=2, threads={threads}, batch_size=300)
        net.predict(X, threads={threads})
        print(digest(net), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    net.fit(X, y, epochs=2, threads={threads}, batch_size=300)
    twin.fit(X, y, epochs=2, threads=1, batch_size=300)
    print(digest(net), digest(twin))
    """)
    assert len(set(out.split())) == 1
    assert len(out.split()) == 3


@linux
def test_a_pool_of_forked_workers():
    out = run("""
    import multiprocessing
    net = make()
    net.fit(X, y, epochs=1, threads=2)
    def work(seed):
        own = make()
        own.fit(X, y, epochs=2, threads=2)
        return digest(own), net.predict(X).tobytes()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        results = set(pool.map(work, range(6)))
    assert results == {work(0)}
    print("same")
    """)
    assert out == "same"


# ---- threads ----


@pytest.mark.parametrize("pool_threads", [None, 2])
def test_eight_threads_predict_at_once(pool_threads):
    rng = np.random.default_rng(0)
    net = MLP([20, 64, 64, 5], output="softmax", seed=0)
    batches = [rng.normal(size=(rows, 20)).astype("f4") for rows in (1, 7, 64, 300, 1, 16, 33, 500)]
    wanted = [net.predict(X).tobytes() for X in batches]
    start = threading.Barrier(8)

    def work(place):
        start.wait()
        return all(
            net.predict(batches[place], threads=pool_threads).tobytes() == wanted[place]
            for _ in range(100)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_threads_train_nets_of_their_own():
    X = np.random.default_rng(0).normal(size=(500, 20)).astype("f4")
    y = (X[:, 0] > 0).astype("i4")

    def work(threads):
        net = MLP([20, 32, 2], output="softmax", seed=0)
        net.fit(X, y, epochs=5, threads=threads, batch_size=100)
        return b"".join(W.tobytes() for W in net.weights)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(work, [1, 2, 3, None] * 3))) == 1


class Pause(Callback):
    """Keeps a fit in its first epoch until the test lets it continue."""

    def __init__(self):
        self.reached, self.go_on = threading.Event(), threading.Event()

    def on_epoch_end(self, net, epoch, logs):
        self.reached.set()
        assert self.go_on.wait(30)


USES = {
    "fit": lambda net, X, y: net.fit(X, y),
    "train_step": lambda net, X, y: net.train_step(X, y),
    "predict": lambda net, X, y: net.predict(X),
    "predict a list": lambda net, X, y: net.predict(X.tolist()),
    "evaluate": lambda net, X, y: net.evaluate(X, y),
    "forward": lambda net, X, y: net.forward(X),
    "backward": lambda net, X, y: net.backward(np.ones((len(X), 3))),
    "step": lambda net, X, y: net.step(),
    "gradients": lambda net, X, y: net.gradients,
    "trace": lambda net, X, y: net.trace(X, y),
    "check_gradients": lambda net, X, y: net.check_gradients(X, y),
    "weights": lambda net, X, y: net.weights,
    "biases": lambda net, X, y: setattr(net, "biases", [np.zeros(8), np.zeros(3)]),
    "copy": lambda net, X, y: net.copy(),
    "pickle": lambda net, X, y: net.__getstate__(),
    "reset_optimizer": lambda net, X, y: net.reset_optimizer(),
}


def test_a_net_being_fitted_refuses_other_threads(classifier, blobs, same_state):
    twin = classifier.copy()
    pause = Pause()
    with ThreadPoolExecutor(1) as pool:
        fit = pool.submit(classifier.fit, *blobs, epochs=1, callbacks=[pause])
        assert pause.reached.wait(30)
        try:
            for use in USES.values():
                with pytest.raises(BusyError, match="another thread is training this net"):
                    use(classifier, *blobs)
            assert classifier.n_parameters == twin.n_parameters
            assert repr(classifier) == repr(twin)
        finally:
            pause.go_on.set()
        assert len(fit.result()) == 1
    twin.fit(*blobs, epochs=1)
    assert same_state(classifier, twin)
    for use in USES.values():
        use(classifier, *blobs)


def test_a_net_in_the_middle_of_an_epoch_refuses_other_threads():
    X, y = endless(2 * 10**5)
    net = MLP([50, 64, 2], output="softmax", seed=0)
    begun, stop = threading.Event(), threading.Event()

    class UntilTold(Callback):
        def on_epoch_begin(self, net, epoch):
            begun.set()
            return stop.is_set()

    refused = 0
    with ThreadPoolExecutor(1) as pool:
        fit = pool.submit(net.fit, X, y, epochs=1000, callbacks=[UntilTold()])
        assert begun.wait(30)
        for _ in range(20):
            time.sleep(0.005)
            with pytest.raises(BusyError):
                net.predict(X[:1])
            refused += 1
        stop.set()
        fit.result()
    assert refused == 20
    net.predict(X[:1])


# ---- limits ----


@linux
def test_without_threads_it_works_on_one():
    code = """
    wanted = make()
    wanted.fit(X, y, epochs=2, threads=1, batch_size=300)
    import resource, threading
    if os.getuid() == 0:  # root has no such limit
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
    try:
        threading.Thread(target=print).start()
    except RuntimeError:
        net = make()
        net.fit(X, y, epochs=2, threads=8, batch_size=300)
        net.predict(X, threads=8)
        print(digest(net) == digest(wanted))
    else:
        print("unlimited")
    """
    out = run(code, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    if out == "unlimited":
        pytest.skip("RLIMIT_NPROC limits nothing here")
    assert out == "True"


@linux
def test_memory_stays_flat():
    grown = run("""
    import pickle
    def resident():
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    def refused(function, *arguments, **settings):
        try:
            function(*arguments, **settings)
        except (ValueError, TypeError, RuntimeError, ArithmeticError, MemoryError):
            return
        raise AssertionError("not refused")
    def squared_error(y_true, y_pred):
        d = y_pred - np.eye(2, dtype="f4")[y_true]
        return (d * d).sum(axis=1), 2 * d
    def cycle():
        net = make()
        net.fit(X, y, epochs=1, batch_size=128, threads=2)
        net.fit(X[:64], y[:64], epochs=1, loss=squared_error)
        net.predict(X), net.predict(X[0]), net.predict(X.tolist()[:3])
        net.evaluate(X, y, metrics=["accuracy", "mse"])
        net.forward(X); net.backward(np.ones((600, 2))); net.step("adam")
        net.trace(X[:3], y[:3]); net.copy(); pickle.loads(pickle.dumps(net))
        net.weights = net.weights
        refused(net.predict, X[:, :3]); refused(net.fit, X, y + 5); refused(net.fit, X * np.nan, y)
        refused(net.backward, np.ones((3, 3))); refused(MLP, [2**40, 2**40])
        refused(net.fit, X * 1e30, y, optimizer=pybp.SGD(lr=1e30))
    for _ in range(60):
        cycle()
    before = resident()
    for _ in range(300):
        cycle()
    print(resident() - before)
    """)
    assert float(grown) < 4.0, f"{grown} MiB more after 300 rounds"
