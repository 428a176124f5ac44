"""SIGTERM, fork and exec, workers, limits of memory, floating-point modes."""

import os
import platform
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import pybp
from pybp import MLP

from processes import SETUP, linux, run, script

# ---- SIGTERM ----

ENDLESS_FIT = """
import signal
class Ready(pybp.Callback):
    def on_epoch_begin(self, net, epoch):
        print("ready", flush=True)
def endless_fit(net, **settings):
    rows = 10**7
    data = np.broadcast_to(np.ones(20, "f4"), (rows, 20)), np.zeros(rows, "i4")
    net.fit(*data, callbacks=[Ready()], **settings)
"""


def terminate(code):
    """Send SIGTERM into the long epoch of code; exit code, what it printed, seconds until the end."""
    with subprocess.Popen(
        script(code, SETUP + ENDLESS_FIT), stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "ready\n"
        time.sleep(0.2)
        sent = time.monotonic()
        child.terminate()
        printed = child.stdout.read()
        child.wait(60)
        return child.returncode, printed, time.monotonic() - sent


# Promptly: within 0.1 s on an idle machine; tests run on busy ones too.


@linux
@pytest.mark.parametrize("threads", [1, 2])
def test_sigterm_ends_a_fit(threads):
    code, printed, seconds = terminate(f"endless_fit(make(), threads={threads}, batch_size=1000)")
    assert (code, printed) == (-signal.SIGTERM, "")
    assert seconds < 1.0


@linux
@pytest.mark.parametrize("threads", [1, 2])
def test_a_handler_of_sigterm_runs_within_a_fit(threads):
    code, printed, seconds = terminate(f"""
    def leave(signum, frame):
        print("saved", flush=True)
        sys.exit(3)
    signal.signal(signal.SIGTERM, leave)
    net = make()
    before = digest(net)
    try:
        endless_fit(net, threads={threads})
    finally:
        print(digest(net) != before, np.isfinite(net.predict(X)).all())
    """)
    assert (code, printed.split()) == (3, ["saved", "True", "True"])
    assert seconds < 1.0


@linux
def test_a_handler_of_sigterm_runs_while_another_thread_fits():
    code, printed, seconds = terminate("""
    import threading
    def leave(signum, frame):
        print("saved", flush=True)
        os._exit(3)
    signal.signal(signal.SIGTERM, leave)
    thread = threading.Thread(target=endless_fit, args=(make(),), daemon=True)
    thread.start()
    thread.join()
    """)
    assert (code, printed) == (3, "saved\n")
    assert seconds < 1.0


# ---- fork, exec ----


@linux
def test_fork_while_another_thread_fits():
    """The child's own nets work; the one in training refuses in the middle of a call, else it works too."""
    out = run("""
    import signal, threading
    from pybp.errors import BusyError
    wanted = make()
    wanted.fit(X, y, epochs=2, threads=1, batch_size=300)
    stop = threading.Event()
    begun = threading.Event()
    class UntilTold(pybp.Callback):
        def on_epoch_begin(self, net, epoch):
            begun.set()
            return stop.is_set()
    trained = make()
    settings = dict(epochs=10**6, threads=2, batch_size=300, callbacks=[UntilTold()])
    thread = threading.Thread(target=trained.fit, args=(X, y), kwargs=settings, daemon=True)
    thread.start()
    assert begun.wait(30)
    for place in range(20):
        time.sleep(0.003 * place)
        child = os.fork()
        if child == 0:
            signal.alarm(30)  # a deadlock shall not last
            try:
                if not np.isfinite(trained.predict(X)).all():
                    os._exit(3)
            except BusyError:
                pass
            net = make()
            net.fit(X, y, epochs=2, threads=2, batch_size=300)
            os._exit(0 if digest(net) == digest(wanted) else 2)
        assert os.waitpid(child, 0)[1] == 0
    stop.set()
    thread.join()
    assert np.isfinite(trained.predict(X)).all()
    print("done")
    """)
    assert out == "done"


@linux
def test_fork_and_exec_while_another_thread_fits(tmp_path):
    child = tmp_path / "child.py"
    child.write_text(
        SETUP + "net = make()\nnet.fit(X, y, epochs=2, threads=2)\nprint(digest(net))\n",
        encoding="utf-8",
    )
    out = run(f"""
    import subprocess, threading
    stop = threading.Event()
    class UntilTold(pybp.Callback):
        def on_epoch_end(self, net, epoch, logs):
            return stop.is_set()
    settings = dict(epochs=10**6, threads=2, batch_size=300, callbacks=[UntilTold()])
    thread = threading.Thread(target=make().fit, args=(X, y), kwargs=settings, daemon=True)
    thread.start()
    command = [sys.executable, "-P", {str(child)!r}]
    print(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.execv(sys.executable, command)
    assert os.waitpid(pid, 0)[1] == 0
    stop.set()
    thread.join()
    net = make()
    net.fit(X, y, epochs=2, threads=1)
    print(digest(net))
    """)
    assert len(out.split()) == 3
    assert len(set(out.split())) == 1


WORKERS = (
    SETUP
    + """
def work(net):
    net.fit(X, y, epochs=1, threads=2, batch_size=300)
    return digest(net), net
if __name__ == "__main__":
    import multiprocessing
    net = make()
    net.fit(X, y, epochs=1, threads=2, batch_size=300)
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        results = pool.map(work, [net] * 4)
    wanted, _ = work(net)
    print({found for found, _ in results} == {digest(back) for _, back in results} == {wanted})
"""
)


@pytest.mark.parametrize("method", ["spawn", pytest.param("forkserver", marks=linux)])
def test_workers_of_multiprocessing(method, tmp_path):
    """A net goes to them and comes back by pickle, and trains there to the same bits."""
    program = tmp_path / "workers.py"
    program.write_text(WORKERS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-P", program, method], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr


# ---- threads and memory that are short ----

FIT = """
net = make()
net.fit(X, y, epochs=2, batch_size=300)
print(digest(net), flush=True)
import pybp.cli
pybp.cli.main(["info"])
"""


def info(code="", **environment):
    """The digest of a trained net, and the line of `pybp info` about threads."""
    env = {key: value for key, value in os.environ.items() if "NUM_THREADS" not in key}
    digest, *lines = run(code + FIT, env={**env, **environment}).splitlines()
    (threads,) = [line for line in lines if line.startswith("threads")]
    return digest, threads.split(maxsplit=1)[1]


@pytest.fixture(scope="module")
def usual():
    return info(PYBP_NUM_THREADS="1")[0]


@pytest.mark.parametrize("text", ["0", "many", "-3", "2.5"])
def test_omp_num_threads_that_is_none(usual, text):
    digest, threads = info(OMP_NUM_THREADS=text)
    assert digest == usual
    assert re.fullmatch(r"\d+ \(\d+ CPUs? .*\)", threads)


def test_omp_num_threads_of_a_million(usual):
    assert info(OMP_NUM_THREADS="1000000") == (
        usual,
        "256 (OMP_NUM_THREADS=1000000, capped at 256)",
    )


@linux
def test_an_affinity_mask_of_one_cpu(usual):
    code = "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    assert info(code) == (usual, "1 (1 CPU in the affinity mask)")


@linux
def test_when_memory_is_short():
    """The core raises MemoryError, and the net is unchanged and still works."""
    out = run("""
    import resource
    net = make()
    wide = MLP([4000, 4000], seed=0)  # larger than what malloc keeps when it is freed
    wanted, wide_wanted = digest(net), digest(wide)
    rows, wide_rows = np.broadcast_to(X[:1], (10**7, 20)), np.ones((4, 4000), "f4")
    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, resource.RLIM_INFINITY))
    def short(function, *arguments, **settings):
        try:
            function(*arguments, **settings)
        except MemoryError:
            print("short")
        else:
            print(function, "found memory")
    short(MLP, [10**4, 10**4])
    short(net.forward, rows, threads=1)
    short(wide.fit, wide_rows, wide_rows, optimizer="adam", threads=1)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(digest(net) == wanted, digest(wide) == wide_wanted)
    net.fit(X, y)
    twin = make()
    twin.fit(X, y)
    print(digest(net) == digest(twin))
    """)
    assert out.split() == ["short"] * 3 + ["True"] * 3


# ---- the caller's arithmetic ----

# glibc's fenv_t on x86-64 ends with the register that holds flush-to-zero and denormals-are-zero.
FLUSH = """
import ctypes, struct
libm = ctypes.CDLL("libm.so.6")
def set_flushing(on):
    environment = ctypes.create_string_buffer(32)
    assert libm.fegetenv(environment) == 0
    (register,) = struct.unpack_from("I", environment, 28)
    register = register | 0x8040 if on else register & ~0x8040
    struct.pack_into("I", environment, 28, register)
    assert libm.fesetenv(environment) == 0
def flushing():
    return float.fromhex("0x1p-1060") * float(len(sys.argv)) == 0
tiny = X * np.float32(1e-39)
def life():
    net = MLP([20, 32, 2], activation="tanh", output="softmax", seed=0)
    net.weights = [net.weights[0] * np.float32(1e-3), net.weights[1]]
    net.biases = [np.full(32, 1e-41, "f4"), np.zeros(2, "f4")]
    net.fit(tiny, y, optimizer=pybp.SGD(lr=1e-3), epochs=2, threads=2, batch_size=300)
    outputs = net.predict(tiny), net.forward(tiny), net.trace(tiny[:5], y[:5]).layers[0].z
    return digest(net), [array.tobytes() for array in outputs]
"""


@linux
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the register of x86-64")
def test_flush_modes_of_the_caller_change_nothing():
    out = run(
        """
    print(flushing())
    usual = life()
    set_flushing(True)
    print(flushing())
    flushed = life()
    print(flushing())
    set_flushing(False)
    print(flushing(), usual == flushed)
    """,
        setup=SETUP + FLUSH,
    )
    assert out.split() == ["False", "True", "True", "False", "True"]


# ---- a misaligned place for the outputs ----


def test_outputs_to_a_misaligned_place_are_refused():
    net = MLP([3, 2], seed=0)
    X = np.ones((4, 3), "f4")
    out = np.frombuffer(bytearray(4 * 2 * 4 + 1), np.uint8)[1:].view("f4").reshape(4, 2)
    assert not out.flags.aligned
    for threads in (None, 1):
        with pytest.raises(pybp.errors.ArgumentError, match="out is not aligned"):
            net.predict(X, out=out, threads=threads)
    assert not out.any()


# ---- many threads, many nets ----


def test_nets_are_dropped_by_other_threads_than_their_own():
    """A net made and trained in one thread is released in another, while others do the same."""
    X, y = np.ones((20, 3), "f4"), np.zeros(20, "i4")
    handed, lock, wrong = [], threading.Lock(), []

    def work(seed):
        for _ in range(50):
            net = MLP([3, 16, 2], output="softmax", seed=seed)
            net.fit(X, y, epochs=1, threads=2, batch_size=7)
            with lock:
                handed.append(net)
                other = handed.pop(0)
            if not np.isfinite(other.predict(X)).all():
                wrong.append(seed)
            del other

    crew = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert not wrong
