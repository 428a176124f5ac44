"""Soak test: threads create, fit, copy, pickle, use and delete nets at random, for as long as you like.

    python benchmarks/soak.py                          # 30 minutes
    python benchmarks/soak.py --minutes 1 --json soak.json

The exit code is 0 if the memory of the process stayed flat after a warm-up, and if a reference net, which is trained
again every few seconds while the threads work, had the same bits each time. Memory is read from /proc, so the test runs
on Linux only. tools/soak_plot.py draws the memory from the JSON file.
"""

import argparse
import contextlib
import hashlib
import json
import os
import pickle
import platform
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import pybp
from pybp import MLP

WARM_UP = 0.2  # fraction of the time in which caches, thread stacks and the allocator's arenas fill
ALLOWED_GROWTH = 4.0  # MiB on the fitted line, from the end of the warm-up to the end of the run
SAMPLES = 600  # of the memory, in the whole run
NETS = 4  # the most that a thread keeps
ROWS = 200
MIB = 2**20


# ---- what the threads do -------------------------------------------------------------------------


class Worker:
    """A thread with its own nets. Its sequence of actions depends on the seed alone, their timing on the machine."""

    def __init__(self, seed, number):
        self.rng = np.random.default_rng([seed, number])
        self.nets = []
        self.calls = Counter()

    def run(self, stop):
        actions = [self.fit, self.train_step, self.copy, self.pickle, self.predict, self.evaluate]
        actions += [self.manual, self.bad_call, self.make, self.drop]
        while not stop.is_set():
            action = self.make if not self.nets else actions[self.rng.integers(len(actions))]
            action()
            self.calls[action.__name__] += 1

    def keep(self, net):
        if len(self.nets) == NETS:
            self.drop()
        self.nets.append(net)

    def any(self):
        """One of the nets, and data of its shape."""
        net = self.nets[self.rng.integers(len(self.nets))]
        rows = int(self.rng.integers(1, ROWS))
        X = self.rng.normal(size=(rows, net.n_in)).astype(self.rng.choice(["f4", "f8"]))
        return net, X, self.rng.integers(0, net.n_out, rows)

    def make(self):
        sizes = [int(n) for n in self.rng.integers(1, 65, self.rng.integers(2, 5))]
        self.keep(
            MLP(
                [*sizes, int(self.rng.integers(2, 9))],
                activation=str(self.rng.choice(["relu", "tanh", "sigmoid"])),
                output="softmax",
                dtype=str(self.rng.choice(["float32", "float64"])),
                seed=int(self.rng.integers(2**32)),
            )
        )

    def drop(self):
        self.nets.pop(self.rng.integers(len(self.nets)))

    def fit(self):
        net, X, y = self.any()
        net.fit(
            X,
            y,
            optimizer=str(self.rng.choice(["sgd", "adam", "adagrad", "rmsprop"])),
            epochs=2,
            batch_size=int(self.rng.integers(1, ROWS)),
            threads=int(self.rng.integers(1, 4)),
        )

    def train_step(self):
        net, X, y = self.any()
        net.train_step(X, y, optimizer="adam")

    def copy(self):
        net, X, _ = self.any()
        twin = net.copy()
        check_same(net, twin, X)
        self.keep(twin)

    def pickle(self):
        net, X, _ = self.any()
        twin = pickle.loads(pickle.dumps(net))
        check_same(net, twin, X)
        self.keep(twin)

    def predict(self):
        net, X, _ = self.any()
        if net.predict(X[0]).tobytes() != net.predict(X)[0].tobytes():
            raise AssertionError("a single row has other bits than in a batch")

    def evaluate(self):
        net, X, y = self.any()
        net.evaluate(X, y)

    def manual(self):
        net, X, y = self.any()
        net.forward(X)
        net.backward(np.ones((len(X), net.n_out)))
        net.trace(X[:3], y[:3])

    def bad_call(self):
        net, X, _ = self.any()
        with contextlib.suppress(pybp.PybpError):
            net.fit(X, np.full(len(X), net.n_out))
            raise AssertionError("a label outside the classes was accepted")


def check_same(net, twin, X):
    if net.predict(X).tobytes() != twin.predict(X).tobytes():
        raise AssertionError("a copy has other bits")


class Reference:
    """A net that is trained again from the same seed, on a different number of threads each time."""

    def __init__(self):
        rng = np.random.default_rng(0)
        self.X, self.y = rng.normal(size=(600, 30)).astype("f4"), rng.integers(0, 5, 600)
        self.runs = 0
        self.expected = self.digest(1)
        self.same_bits = True

    def digest(self, threads):
        net = MLP([30, 48, 32, 5], activation="tanh", output="softmax", seed=0)
        net.fit(self.X, self.y, optimizer="adam", epochs=2, batch_size=300, threads=threads)
        arrays = [*net.weights, *net.biases, net.predict(self.X)]
        return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()

    def check(self):
        self.runs += 1
        self.same_bits &= self.digest(1 + self.runs % 4) == self.expected


# ---- the memory ----------------------------------------------------------------------------------


def resident():
    """MiB of resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


@dataclass
class MemoryFit:
    """The least-squares line through the samples of the memory after the warm-up."""

    begin: float  # seconds
    end: float
    level: float  # MiB on the line at `begin`
    slope: float  # MiB per second

    @property
    def growth(self):
        return self.slope * (self.end - self.begin)

    @property
    def flat(self):
        return self.growth <= ALLOWED_GROWTH


def fit_memory(seconds, mib):
    seconds, mib = np.asarray(seconds), np.asarray(mib)
    late = seconds >= WARM_UP * seconds[-1]
    slope, offset = np.polyfit(seconds[late], mib[late], 1)
    begin = seconds[late][0]
    return MemoryFit(float(begin), float(seconds[-1]), float(offset + slope * begin), float(slope))


# ---- the run ---------------------------------------------------------------------------------------


def soak(minutes, threads, seed, reference):
    """Samples (seconds, MiB) of the memory, and the number of calls of each action. Raises what a thread raised."""
    stop, failures = threading.Event(), []
    workers = [Worker(seed, number) for number in range(threads)]

    def work(worker):
        try:
            worker.run(stop)
        except BaseException as error:
            failures.append(error)
            stop.set()

    running = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    samples = []
    begin = time.monotonic()
    for thread in running:
        thread.start()
    try:
        while not stop.wait(60 * minutes / SAMPLES):
            samples.append((time.monotonic() - begin, resident()))
            if len(samples) % 10 == 0:
                reference.check()
            if samples[-1][0] >= 60 * minutes:
                break
    finally:
        stop.set()
        for thread in running:
            thread.join()
    if failures:
        raise failures[0]
    return samples, sum((worker.calls for worker in workers), Counter())


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30, help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=4, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--json", type=Path, help="write the samples and the verdict to this file")
    options = parser.parse_args(argv)

    reference = Reference()
    samples, calls = soak(options.minutes, options.threads, options.seed, reference)
    seconds, mib = zip(*samples, strict=True)
    memory = fit_memory(seconds, mib)
    good = memory.flat and reference.same_bits
    print(
        f"{sum(calls.values()):,} calls on {options.threads} threads in {seconds[-1] / 60:.1f} min:"
    )
    print("  " + ", ".join(f"{name} {times:,}" for name, times in calls.most_common()))
    print(
        f"memory: {memory.level:.1f} MiB after the warm-up, {memory.growth:+.2f} MiB by the end "
        f"(at most {ALLOWED_GROWTH:+.1f}): {'flat' if memory.flat else 'NOT FLAT'}"
    )
    print(
        f"reference net: trained {reference.runs} times, "
        f"{'the same bits each time' if reference.same_bits else 'DIFFERENT BITS'}"
    )
    print("passed" if good else "FAILED")
    if options.json:
        report = {
            "pybp": pybp.__version__,
            "python": platform.python_version(),
            "threads": options.threads,
            "seed": options.seed,
            "calls": dict(calls),
            "reference_runs": reference.runs,
            "reference_same_bits": reference.same_bits,
            "memory_growth_mib": round(memory.growth, 3),
            "memory_flat": memory.flat,
            "memory_fit": asdict(memory),
            "samples": [[round(second, 1), round(size, 2)] for second, size in samples],
        }
        options.json.write_text(json.dumps(report) + "\n", encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
