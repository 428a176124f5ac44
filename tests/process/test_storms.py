"""Storms of signals, and threads that write where others read, in processes of their own."""

import pytest

from processes import SETUP, linux, run

CALLS = """
import pickle, random, signal, threading
random.seed(0)
SECONDS = 1.0
X = X[:64]; y = y[:64]
net = MLP([20, 8, pybp.BatchNorm(), 2], output="softmax", seed=0)

def fill(net, k):  # all of it is k
    net.weights = [np.full_like(W, k) for W in net.weights]

def interrupted(call, seconds):
    # an interrupt comes at most this long after the beginning of the call; whether it came before its end
    armed = [True]
    def handler(*_):
        if armed[0]:
            armed[0] = False
            raise KeyboardInterrupt
    signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, seconds))
        call()
        armed[0] = False
    except KeyboardInterrupt:
        return True
    finally:
        armed[0] = False
        signal.setitimer(signal.ITIMER_REAL, 0)
    return False

def in_another_thread(call):
    results = []
    def target():
        try:
            results.append(call())
        except Exception as error:
            results.append(error)
    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    return results[0]
"""


@linux
@pytest.mark.parametrize(
    "call",
    [
        "net.fit(X, y, epochs=2, batch_size=16, threads=1)",
        "net.fit(X, y, epochs=2, batch_size=16, threads=2, callbacks=[pybp.Callback()])",
        "net.fit(X, y, loss=custom, batch_size=16)",
        "net.fit(X, y, optimizer='lbfgs', epochs=2)",
        "net.train_step(X, y)",
        "net.predict(X)",
        "net.evaluate(X, y)",
        "net.forward(X, training=True); net.backward(np.ones((64, 2))); net.step()",
        "pickle.loads(pickle.dumps(net))",
    ],
)
def test_interrupts_leave_a_net_that_works(call):
    """Wherever it comes, Ctrl-C leaves no net that is busy for ever."""
    if "lbfgs" in call:
        pytest.importorskip("scipy")
    code = f"""
    def custom(target, output):
        one_hot = np.eye(2, dtype="f4")[target]
        return ((output - one_hot) ** 2).sum(axis=1), 2 * (output - one_hot)
    def call():
        {call}
    call()
    begin = time.perf_counter(); call(); usual = time.perf_counter() - begin
    end, interrupts = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        interrupts += interrupted(call, 1.2 * usual)
        with net._net.exclusive() as acquired:
            assert acquired, "this thread still holds the net"
        if interrupts % 50 == 0:
            got = in_another_thread(lambda: net.predict(X))
            assert isinstance(got, np.ndarray), got
    assert interrupts > 20, interrupts
    """
    run(code, setup=SETUP + CALLS)


@linux
def test_interrupts_leave_no_half_of_an_assignment():
    code = """
    net = MLP([20, *[8] * 20, 2], output="softmax", seed=0)
    k, end, interrupts = 0.0, time.monotonic() + SECONDS, 0
    fill(net, k)
    begin = time.perf_counter(); fill(net, k); usual = time.perf_counter() - begin
    while time.monotonic() < end:
        k += 1
        interrupts += interrupted(lambda: fill(net, k), 1.2 * usual)
        seen = {float(value) for W in net.weights for value in (W.min(), W.max())}
        assert seen in ({k}, {k - 1}), (k, seen)
        fill(net, k)
    assert interrupts > 20, interrupts
    """
    run(code, setup=SETUP + CALLS)


@pytest.mark.parametrize(
    "read",
    [
        "net.weights",
        "net.copy().weights",
        "pickle.loads(pickle.dumps(net)).weights",
        "[[W for W in layer if W is not None] for layer in [net.running_statistics[1]]][0]",
    ],
)
def test_reads_beside_a_thread_that_writes(read):
    """A whole state or a BusyError; which one is up to the moment."""
    code = f"""
    net = MLP([20, 8, pybp.BatchNorm(), *[8] * 20, 2], output="softmax", seed=0)
    sys.setswitchinterval(1e-5)
    done, failures, refused, k = threading.Event(), [], [0], [1.0]
    def write():
        while not done.is_set():
            k[0] = 3 - k[0]
            try:
                fill(net, k[0])
                net.running_statistics = [None if pair is None else [np.full(8, k[0])] * 2
                                          for pair in net.running_statistics]
            except pybp.errors.BusyError:
                refused[0] += 1
    fill(net, 1.0)
    net.running_statistics = [None if pair is None else [np.ones(8)] * 2 for pair in net.running_statistics]
    thread = threading.Thread(target=write)
    thread.start()
    end, reads = time.monotonic() + SECONDS, 0
    try:
        while time.monotonic() < end:
            try:
                arrays = {read}
            except pybp.errors.BusyError:
                refused[0] += 1
                continue
            reads += 1
            values = {{float(v) for W in arrays if W is not None for v in (W.min(), W.max())}}
            assert values in ({{1.0}}, {{2.0}}), values
    finally:
        done.set()
        thread.join()
    assert reads > 20, reads
    """
    run(code, setup=SETUP + CALLS)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("what", ["X", "y", "weights", "data", "indices", "indptr"])
def test_data_that_change_under_a_call(what, threads):
    """Results are anybody's guess, but the process lives and the calls return."""
    pytest.importorskip("scipy")
    code = f"""
    import scipy.sparse
    rng = np.random.default_rng(0)
    rows = 2000
    dense = rng.normal(size=(rows, 20)) * (rng.random((rows, 20)) < 0.3)
    sparse = scipy.sparse.csr_array(dense)
    weights = rng.random(rows)
    labels = rng.integers(0, 2, rows).astype(np.int32)
    given = sparse if {what!r} in ("data", "indices", "indptr") else dense
    target = dict(X=dense, y=labels, weights=weights, data=sparse.data, indices=sparse.indices,
                  indptr=sparse.indptr)[{what!r}]
    good = target.copy()
    bad = np.zeros_like(target) if {what!r} == "weights" else np.full_like(target, 2**30)
    net = MLP([20, 16, 2], output="softmax", seed=0)
    done = threading.Event()
    def write():
        while not done.is_set():
            target[...] = bad
            target[...] = good
    thread = threading.Thread(target=write)
    thread.start()
    end, calls = time.monotonic() + SECONDS, 0
    try:
        while time.monotonic() < end:
            for call in (
                lambda: net.fit(given, labels, sample_weight=weights, epochs=3, threads={threads}),
                lambda: net.predict(given, threads={threads}),
                lambda: net.evaluate(given, labels, sample_weight=weights),
            ):
                try:
                    call()
                except pybp.errors.PybpError:
                    pass
                calls += 1
    finally:
        done.set()
        thread.join()
    assert calls > 3
    """
    run(code, setup=SETUP + CALLS)
