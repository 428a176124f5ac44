"""Signals and threads while files are written: the old file or the new one, whole, and nothing else."""

import _thread
import os
import stat
import threading
from types import SimpleNamespace

import pytest

import pybp
from pybp import MLP
from pybp.errors import BusyError
from pybp.io import atomic
from pybp.io.atomic import write_atomically

from processes import linux, run

NET = """
import random, signal
from pathlib import Path
random.seed(0)
folder = Path({folder!r})
path = folder / "net"
descriptors = lambda: len(os.listdir("/proc/self/fd"))
"""


def child(code, tmp_path):
    return run(NET.format(folder=str(tmp_path)) + code)


@linux
@pytest.mark.parametrize("existing", [False, True])
def test_a_storm_of_interrupts_leaves_nothing_behind(existing, tmp_path):
    code = f"""
net = MLP([50, 60, 2], seed=0)
if {existing}:
    net.save(path)
net.save(folder / "first"); (folder / "first").unlink()  # what Python opens once
before, interrupts, saves = descriptors(), 0, 0
armed = False
def handler(*_):
    if armed:
        raise KeyboardInterrupt
signal.signal(signal.SIGALRM, handler)
end = time.monotonic() + 4
while time.monotonic() < end:
    try:
        armed = True
        signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 3e-3), 2e-4)
        net.save(path)
        armed = False
        saves += 1
    except KeyboardInterrupt:
        interrupts += 1
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
    armed = False
while __import__("_thread")._count() > 0:  # one that was interrupted twice ends in the background
    time.sleep(0.01)
assert descriptors() == before, (descriptors(), before)
left = sorted(entry.name for entry in folder.iterdir())
assert left in (["net"], []), left
if left:
    pybp.load(path)
print(interrupts, saves)
"""
    interrupts, _ = map(int, child(code, tmp_path).split())
    assert interrupts > 50


@linux
def test_a_handler_that_raises_is_obeyed_soon(tmp_path):
    """Not only after gigabytes are written."""
    code = """
from pybp.io.atomic import write_atomically
def pieces():
    while True:
        yield bytes(1 << 16)
signal.signal(signal.SIGALRM, lambda *_: sys.exit(7))
signal.setitimer(signal.ITIMER_REAL, 0.3)
begin = time.monotonic()
try:
    write_atomically(path, pieces())
except SystemExit as end:
    assert end.code == 7
assert time.monotonic() - begin < 10, time.monotonic() - begin
assert not list(folder.iterdir()), list(folder.iterdir())
"""
    child(code, tmp_path)


@linux
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    "optimizer", ["'adam'", "'lbfgs'", "pybp.SGD(momentum=0.9, clip_norm=1.0)"]
)
def test_saving_on_sigterm_during_fit(threads, optimizer, tmp_path):
    """The handler runs between two steps; the file has the net as those steps left it."""
    if "lbfgs" in optimizer:
        pytest.importorskip("scipy")
    code = f"""
def handler(*_):
    net.save(path)
    seen.append(net._net.get_progress()[:2])
    assert net.copy().weights[0].tobytes() == net.weights[0].tobytes()
    net.predict(X[:3]), net.evaluate(X, y)
    if len(seen) == 3:
        sys.exit(15)
seen = []
signal.signal(signal.SIGTERM, handler)
net = MLP([20, 64, pybp.BatchNorm(), 64, 2], output="softmax", seed=0)
net.fit(X, y, epochs=1, threads={threads}, progress=False)
net.reset_optimizer() # else L-BFGS does it later, perhaps behind the first signals
import threading
def terminate():
    for _ in range(3):
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGTERM)
killer = threading.Thread(target=terminate, daemon=True)
killer.start()
try:
    net.fit(np.tile(X, (50, 1)), np.tile(y, 50), epochs=10**6, batch_size=16, threads={threads},
            optimizer={optimizer}, progress=False)
except SystemExit as end:
    assert end.code == 15
assert len(seen) == 3 and seen == sorted(seen), seen
loaded = pybp.load(path)
assert loaded._net.get_progress()[:2] == seen[-1]
assert np.isfinite(loaded.predict(X)).all()
loaded.fit(X, y, epochs=1, progress=False)
net.fit(X, y, epochs=1, progress=False)
"""
    child(code, tmp_path)


@linux
def test_what_is_saved_between_steps_is_what_they_made_of_the_net(tmp_path):
    """To the bit what training stops with after as many steps."""
    code = """
def handler(*_):
    net.save(path)
    signal.setitimer(signal.ITIMER_REAL, 0)
signal.signal(signal.SIGALRM, handler)
def new():
    return MLP([20, 256, 256, pybp.BatchNorm(), pybp.Dropout(0.2), 2], output="softmax", seed=0)
net = new()
signal.setitimer(signal.ITIMER_REAL, 0.25)
while not path.exists():
    net.fit(X, y, epochs=1, batch_size=4, threads=2, optimizer="adam", progress=False)
loaded = pybp.load(path)
epochs, steps, *_ = loaded._net.get_progress()
class Stop(pybp.Callback):
    def on_step_end(self, net, step, logs):
        return net._net.get_progress()[1] == steps
again = new()
again.fit(X, y, epochs=10**6, batch_size=4, optimizer="adam", callbacks=[Stop()], progress=False)
state, same = loaded.__getstate__(), again.__getstate__()
assert state["progress"] == same["progress"], (state["progress"], same["progress"])
for (what, index, one), (_, _, other) in zip(state["arrays"], same["arrays"]):
    assert one.tobytes() == other.tobytes(), (what, index)
"""
    child(code, tmp_path)


def test_saving_beside_a_thread_that_trains(tmp_path):
    """Another thread is refused, or gets a whole state."""
    net = MLP([20, *[16] * 10, 2], output="softmax", seed=0)
    rows = [[float(i + j) for j in range(20)] for i in range(32)]
    done, saves, refused = threading.Event(), 0, 0

    def train():
        while not done.is_set():
            net.train_step(rows, [i % 2 for i in range(32)], optimizer="adam")

    thread = threading.Thread(target=train)
    thread.start()
    try:
        while saves < 20:
            try:
                net.save(tmp_path / "net")
            except BusyError:
                refused += 1
                continue
            saves += 1
            loaded = pybp.load(tmp_path / "net")
            steps = loaded._net.get_progress()[1]
            again = MLP([20, *[16] * 10, 2], output="softmax", seed=0)
            if steps < 300:
                for _ in range(steps):
                    again.train_step(rows, [i % 2 for i in range(32)], optimizer="adam")
                assert again.__getstate__()["progress"] == loaded.__getstate__()["progress"]
                for W, same in zip(again.weights, loaded.weights, strict=True):
                    assert W.tobytes() == same.tobytes()
    finally:
        done.set()
        thread.join()


# ---- the temporary file ------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o444])
def test_the_temporary_file_has_the_permissions_of_the_old_one(mode, tmp_path):
    """A file that only its owner may read is never there for others."""
    path = tmp_path / "net"
    path.write_bytes(b"")
    path.chmod(mode)
    seen = []

    def pieces():
        for _ in range(3):
            temporary = next(entry for entry in tmp_path.iterdir() if entry != path)
            seen.append(stat.S_IMODE(temporary.stat().st_mode))
            yield b"x" * 100

    old = os.umask(0o027)
    try:
        write_atomically(path, pieces())
    finally:
        os.umask(old)
    assert seen == [mode] * 3
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == b"x" * 300


def test_errors_of_the_writing_thread_arrive(tmp_path):
    def pieces():
        yield b"abc"
        raise ZeroDivisionError("in the middle")

    for target in (write_atomically, in_a_thread):
        with pytest.raises(ZeroDivisionError, match="in the middle"):
            target(tmp_path / "net", pieces())
        assert not list(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError) as error:
        write_atomically(tmp_path / "no" / "net", [b"x"])
    assert error.value.filename == str(tmp_path / "no" / "net")


def in_a_thread(*arguments):
    errors = []

    def target():
        try:
            write_atomically(*arguments)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    raise errors[0]


def test_an_interrupt_just_after_the_write_ended_does_not_wait_for_it_again(monkeypatch, tmp_path):
    class Lock:
        """Its first waiter gets it, and is interrupted before it can know."""

        def __init__(self):
            self.lock = _thread.allocate_lock()
            self.waiters = 0

        def acquire(self):
            assert self.lock.acquire(timeout=20), "nobody releases the lock again"
            self.waiters += 1
            if self.waiters == 2:  # the first call closes the lock
                raise KeyboardInterrupt

        def release(self):
            self.lock.release()

    twin = SimpleNamespace(start_new_thread=_thread.start_new_thread, allocate_lock=Lock)
    monkeypatch.setattr(atomic, "_thread", twin)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "net", [b"contents"])
    assert [path.name for path in tmp_path.iterdir()] == ["net"]
    assert (tmp_path / "net").read_bytes() == b"contents"
