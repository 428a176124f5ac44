"""The nets of an ensemble on several ranks: the same bits, and no rank waits for one that has failed."""

import pickle
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pybp import Callback
from pybp.errors import StateError
from pybp.tabular import CLASSIFICATION, TabularPredictor

RECIPE = replace(CLASSIFICATION, epochs=2, n_ensemble=5, hidden_layer_sizes=(8,))


class Ranks:
    """Threads as ranks; `communicator` is what each of them gets."""

    def __init__(self, size):
        self.size, self.barrier, self.sent = size, threading.Barrier(size), [None] * size

    def communicator(self, rank):
        class Communicator:
            Get_rank = staticmethod(lambda: rank)
            Get_size = staticmethod(lambda: self.size)

            @staticmethod
            def allgather(sendobj):
                self.barrier.wait(60)
                self.sent[rank] = sendobj
                self.barrier.wait(60)
                found = pickle.loads(pickle.dumps(self.sent))  # as MPI does
                self.barrier.wait(60)
                return found

        return Communicator()

    def run(self, work):
        """What ``work(communicator)`` returns or raises on each rank."""
        found = [None] * self.size

        def one(rank):
            try:
                found[rank] = work(self.communicator(rank))
            except Exception as error:
                found[rank] = error

        threads = [threading.Thread(target=one, args=(rank,)) for rank in range(self.size)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        return found


@pytest.fixture(scope="module")
def samples():
    X = np.random.default_rng(0).standard_normal((80, 3))
    return X, np.where(X[:, 0] > 0, "yes", "no")


def fit(samples, comm=None, **how):
    return TabularPredictor("classification", RECIPE).fit(*samples, threads=1, comm=comm, **how)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_any_number_of_ranks_gives_the_same_bits(samples, size):
    expected = fit(samples, seed=3)
    for found in Ranks(size).run(lambda comm: fit(samples, comm, seed=3)):
        assert len(found.nets) == 5
        np.testing.assert_array_equal(found.oof_prediction, expected.oof_prediction)
        X = samples[0]
        np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))


def test_ranks_without_a_seed_agree_on_one(samples):
    one, other = Ranks(2).run(lambda comm: fit(samples, comm))
    np.testing.assert_array_equal(one.oof_prediction, other.oof_prediction)


def test_a_rank_that_fails_is_named_on_all(samples):
    class Fail(Callback):
        def on_epoch_end(self, net, epoch, logs):
            raise ValueError("no more")

    def work(comm):
        return fit(samples, comm, seed=0, callbacks=[Fail()] if comm.Get_rank() == 1 else [])

    first, second, third = Ranks(3).run(work)
    assert isinstance(second, ValueError)
    for other in (first, third):
        assert isinstance(other, StateError)
        assert "rank 1: ValueError: no more" in str(other)


def test_the_command_under_mpiexec_writes_the_same_file(samples, tmp_path):
    pytest.importorskip("mpi4py")
    mpiexec = shutil.which("mpiexec", path=str(Path(sys.executable).parent))
    if mpiexec is None:
        pytest.skip("mpiexec is needed: pip install mpich")
    rows = "".join(f"{a},{b},{c},{y}\n" for (a, b, c), y in zip(*samples, strict=True))
    (tmp_path / "d.csv").write_text("a,b,c,y\n" + rows)
    command = [sys.executable, "-P", "-m", "pybp", "train", "d.csv", "--target", "y"]
    command += ["--epochs", "2", "--ensemble", "3", "-o", "m.pybp", "--force", "--quiet"]
    subprocess.run(command, check=True, cwd=tmp_path, timeout=120)
    alone = (tmp_path / "m.pybp").read_bytes()
    with_ranks = [mpiexec, "-n", "2", *command, "--mpi"]
    subprocess.run(with_ranks, check=True, cwd=tmp_path, timeout=120)
    # the record has the command, which differs
    assert alone[-20_000:] == (tmp_path / "m.pybp").read_bytes()[-20_000:]
    failed = subprocess.run(
        [*with_ranks[:3], *command[:-1], "--mpi", "--metric", "no"],
        cwd=tmp_path,
        timeout=120,
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode != 0
    assert failed.stderr.count("pybp: error:") == 1, failed.stderr
