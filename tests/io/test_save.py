"""A net in a file: nothing is lost, other programs can read it, and a crash leaves a whole file."""

import os
import pickle
import random
import signal
import stat
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pybp
from pybp import MLP, Dense, layers
from pybp.activations import LeakyReLU
from pybp.callbacks import Callback
from pybp.errors import ArgumentError, NotFiniteError
from pybp.initializers import Constant
from pybp.io import netfile

from processes import linux, script
from registered import CLASSES

X = np.random.default_rng(0).normal(size=(60, 4))
X[:, 3] = np.arange(60) % 3  # a category
Y = np.arange(60) % 3


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.safetensors"


def everything():
    first = Dense(5, LeakyReLU(0.03), bias=False, init=Constant(0.2))
    return MLP([4, first, 6, Dense(3, "softmax")], dtype="float64", seed=2**64 - 1)


def every_kind():
    """Embedded categories, norms, noise and a residual in one net; 4 inputs, 3 classes."""
    inner = [Dense(6), layers.LayerNorm(), layers.Activation("gelu"), layers.GaussianNoise(0.01)]
    return MLP(
        [
            4,
            layers.Embedding({3: (3, 2)}),
            Dense(6),
            layers.BatchNorm(),
            layers.Activation("selu"),
            layers.AlphaDropout(0.1),
            layers.Residual([*inner, layers.Dropout(0.2), layers.RMSNorm()]),
            layers.Residual([layers.Scale(), Dense(5, "relu")]),
            Dense(3, "softmax"),
        ],
        seed=11,
    )


@pytest.mark.parametrize("optimizer", [*CLASSES["optimizers"], pybp.SGD(momentum=0.9), None])
@pytest.mark.parametrize(
    "make", [everything, every_kind, lambda: MLP([4, 3], output="softmax", seed=3)]
)
def test_everything_comes_back(make, optimizer, path, same_state):
    net = make()
    if optimizer is not None:
        net.fit(X, Y, optimizer=optimizer, epochs=3)
    net.save(path)
    loaded = pybp.load(path)
    assert same_state(net, loaded)
    assert loaded.layers == net.layers
    assert (repr(loaded), loaded.seed, loaded.dtype) == (repr(net), net.seed, net.dtype)
    assert loaded.epochs_done == (0 if optimizer is None else 3)
    for model in (net, loaded):
        model.fit(X, Y, optimizer=optimizer or "adam", epochs=2)
    assert same_state(net, loaded)


@settings(max_examples=25, deadline=None)
@given(
    widths=st.lists(st.integers(1, 40), min_size=2, max_size=5),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=st.integers(0, 2**64 - 1),
)
def test_any_shape(widths, dtype, seed, tmp_path_factory):
    path = tmp_path_factory.mktemp("nets") / "net"
    net = MLP(widths, dtype=dtype, seed=seed)
    net.save(path)
    loaded = MLP.load(str(path))
    for one, other in zip(net.weights + net.biases, loaded.weights + loaded.biases, strict=True):
        assert one.tobytes() == other.tobytes()


def test_other_programs_can_read_it(path):
    numpy_format = pytest.importorskip("safetensors.numpy")
    net = everything()
    net.fit(X, Y, epochs=1)
    net.save(path)
    arrays = numpy_format.load_file(path)
    assert len(arrays) == 3 * 5  # parameters and two states of three layers, one without bias
    for place, (W, b) in enumerate(zip(net.weights, net.biases, strict=True)):
        assert (arrays[f"layers.{place}.weights"] == W).all()
        assert b is None or (arrays[f"layers.{place}.biases"] == b).all()


def test_without_the_optimizer(path):
    net = everything()
    net.fit(X, Y, epochs=2)
    net.save(path)
    full = path.stat().st_size
    net.save(path, optimizer=False)
    assert path.stat().st_size < 0.6 * full
    loaded = pybp.load(path)
    assert loaded.epochs_done == 2
    assert loaded._net.get_progress()[1] == 0
    assert loaded.predict(X).tobytes() == net.predict(X).tobytes()
    assert net._net.get_progress()[1] > 0
    with pytest.raises(TypeError, match="optimizer must be True or False"):
        net.save(path, optimizer="adam")


def test_subclasses_load_as_themselves(path):
    class Own(MLP):
        pass

    everything().save(path)
    assert type(Own.load(path)) is Own
    assert type(pybp.load(path)) is MLP


def test_saving_in_a_callback(path, same_state):
    class Save(Callback):
        def on_epoch_end(self, net, epoch, logs):
            net.save(path)

    net = everything()
    net.fit(X, Y, epochs=2, callbacks=[Save()])
    assert same_state(pybp.load(path), net)


@pytest.mark.parametrize("what", ["weights", "biases", "running_mean", "weight_state1"])
def test_what_load_refuses_is_not_saved(what, path, monkeypatch):
    """A net with NaN, as solvers have left it, is of no use to anybody."""

    def read_state(net, layers):
        state = read(net, layers)
        arrays = [(n, i, v * np.nan if n == what else v) for n, i, v in state["arrays"]]
        return state | {"arrays": arrays}

    net = every_kind()
    net.fit(X, Y, epochs=1)
    read = netfile.read_state
    monkeypatch.setattr(netfile, "read_state", read_state)
    with pytest.raises(NotFiniteError, match=rf"layers\.\d\.{what} holds NaN or infinity"):
        net.save(path)
    assert not path.exists()


def test_nothing_is_initialized_for_what_a_file_replaces(path):
    """The QR of an orthogonal initializer took longer than all else."""

    def seconds(call):
        begin = time.perf_counter()
        call()
        return time.perf_counter() - begin

    net = MLP([800, 800, 1], init="orthogonal", seed=0)
    net.save(path)
    pickled = pickle.dumps(net)
    made = min(seconds(lambda: MLP([800, 800, 1], init="orthogonal", seed=0)) for _ in range(3))
    assert min(seconds(lambda: pybp.load(path)) for _ in range(3)) < made / 3  # / 30 when idle
    assert min(seconds(lambda: pickle.loads(pickled)) for _ in range(3)) < made / 3


# ---- the file itself ---------------------------------------------------------------------------


def test_nothing_is_left_beside_it(path):
    for _ in range(3):
        everything().save(path)
    assert list(path.parent.iterdir()) == [path]


def test_permissions(path):
    old = os.umask(0o027)
    try:
        everything().save(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        everything().save(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
    finally:
        os.umask(old)


def test_a_link_stays_a_link(path):
    link = path.with_name("latest")
    link.symlink_to(path)
    everything().save(link)
    assert link.is_symlink()
    assert path.is_file()
    pybp.load(link)


def test_what_is_no_file_is_not_replaced(tmp_path):
    with pytest.raises(ArgumentError, match="is not a regular file and can't be replaced"):
        everything().save(tmp_path)
    if os.name == "posix":
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ArgumentError, match="is not a regular file"):
            everything().save(tmp_path / "pipe")


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        everything().save(tmp_path / "none" / "net")


def test_a_full_disk_leaves_the_old_file(path, monkeypatch):
    everything().save(path)
    before = path.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    net = everything()
    net.fit(X, Y, epochs=1)
    with pytest.raises(OSError, match="No space left"):
        net.save(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@linux
def test_kill_at_any_moment_leaves_a_whole_file(path):
    code = f"""
    net = MLP([300, 300, 300], seed=0)
    number = 0
    while True:
        number += 1
        net.biases = [np.full(300, number, "f4"), np.full(300, number, "f4")]
        net.save({str(path)!r})
        print(number, flush=True)
    """
    rng = random.Random(0)
    for saved in range(1, 9):
        with subprocess.Popen(script(code), stdout=subprocess.PIPE) as child:
            for _ in range(saved):
                child.stdout.readline()
            time.sleep(rng.uniform(0, 0.02))
            os.kill(child.pid, signal.SIGKILL)
            child.stdout.read()
        first, second = pybp.load(path).biases
        assert (first == first[0]).all()
        assert first.tobytes() == second.tobytes()
        assert first[0] >= saved


@linux
def test_kill_before_the_last_byte_is_safe_leaves_the_old_file(path):
    everything().save(path)
    before = path.read_bytes()
    code = f"""
    def hang(handle):
        print("writing", flush=True)
        time.sleep(60)
    os.fsync = hang
    MLP([300, 300], seed=0).save({str(path)!r})
    """
    with subprocess.Popen(script(code), stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        os.kill(child.pid, signal.SIGKILL)
    assert path.read_bytes() == before
    everything().save(path)  # the temporary file of the killed process does not matter
    assert pybp.load(path).seed == 2**64 - 1


# ---- resuming ------------------------------------------------------------------------------------

RESUME = """
rng = np.random.default_rng(1)
X, y = rng.normal(size=(150, 4)), rng.integers(0, 3, size=150)
class StopAfter(pybp.Callback):
    def __init__(self, last):
        self.last = last
    def on_epoch_end(self, net, epoch, logs):
        return epoch == self.last
def train(net, done=0, last=7):
    return net.fit(
        X, y, epochs=7, initial_epoch=done, batch_size=16, callbacks=[StopAfter(last)], **settings
    )
"""


@pytest.mark.parametrize(
    "settings",
    [
        "optimizer='adam'",
        "optimizer=pybp.SGD(lr=0.1, momentum=0.9, nesterov=True), accumulate=3, drop_last=True",
        "optimizer=pybp.Adagrad(lr_decay=0.1, clip_norm=0.5), sample_weight=np.arange(150.0)",
        "optimizer=pybp.optimizers.RAdam()",
        "optimizer='adadelta', threads=2",
        "optimizer=pybp.Adam(lr=pybp.schedules.OneCycle(0.01))",
    ],
)
def test_resuming_in_a_new_process_gives_the_same_bits(path, settings, same_state):
    resume(path, settings, PLAIN, same_state)


def test_resuming_a_net_of_layers_of_chance(path, same_state):
    """Masks, running statistics and tables of embeddings continue as well."""
    resume(path, "optimizer=pybp.Adam(lr=pybp.schedules.Cosine(0.01))", MIXED, same_state)


PLAIN = "net = MLP([4, 8, 3], activation='tanh', output='softmax', seed=5)\n"
MIXED = """
from pybp.layers import *
X[:, 3] = np.arange(150) % 5
net = MLP([4, Embedding({3: (5, 2)}), Dense(6), BatchNorm(), Activation("relu"), Dropout(0.3),
           Residual([Dense(6, "tanh"), AlphaDropout(0.1), GaussianNoise(0.1), LayerNorm()]),
           Dense(3, "softmax")], seed=6)
"""


def resume(path, settings, make, same_state):
    prepare = RESUME.replace("def train", f"settings = dict({settings})\ndef train")
    first = f"{prepare}\n{make}train(net, last=3)\nnet.save({str(path)!r})\n"
    second = (
        f"{prepare}\n{make}net = pybp.load({str(path)!r})\n"
        f"history = train(net, net.epochs_done)\nassert history.epochs == [4, 5, 6, 7]\n"
        f"net.save({str(path)!r})\n"
    )
    for code in (first, second):
        subprocess.run([sys.executable, "-P", "-c", SETUP + code], check=True)
    namespace = {"np": np, "pybp": pybp, "MLP": MLP}
    exec(prepare + make + "train(net)", namespace)
    assert same_state(pybp.load(path), namespace["net"])


SETUP = "import numpy as np\nimport pybp\nfrom pybp import MLP\n"


def test_all_epochs_done(trained, blobs, unchanged):
    with unchanged(trained):
        history = trained.fit(*blobs, epochs=2, initial_epoch=2)
    assert len(history) == 0
    assert repr(history) == "<History of 0 epochs>"
    with pytest.raises(ArgumentError, match="initial_epoch must be a whole number >= 0, got -1"):
        trained.fit(*blobs, initial_epoch=-1)
