"""What a call from Python costs: small nets on one thread, where the binding is most of the time.

python benchmarks/binding.py                    medians of this pybp
python benchmarks/binding.py --beside PYTHON    and of the pybp that another interpreter has, in turns
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from functools import partial


def calls():
    """What is timed: name -> (function, how much of its work one figure is of)."""
    import numpy as np

    import pybp

    rng = np.random.default_rng(0)
    net = pybp.MLP([10, 16, 1], seed=0)
    X, y = rng.standard_normal((10_000, 10), np.float32), rng.standard_normal(10_000, np.float32)
    row, out, outs = X[0], np.empty(1, np.float32), np.empty((10_000, 1), np.float32)
    some, batch, threads = (X[:64], y[:64]), (X[:32], y[:32]), {"threads": 1}
    quiet = {"progress": False, "batch_size": 32, "optimizer": pybp.SGD(0.001), **threads}
    step = partial(net.train_step, *batch, optimizer=pybp.SGD(0.001), **threads)
    return {
        "predict, one row": (partial(net.predict, row), 1),
        "predict, one row, out=": (partial(net.predict, row, out), 1),
        "predict, 8 rows": (partial(net.predict, X[:8]), 1),
        "predict, 10,000 rows": (partial(net.predict, X, outs, **threads), 1),
        "evaluate, 32 rows": (partial(net.evaluate, *batch, **threads), 1),
        "train_step, 32 rows": (step, 1),
        "fit, 64 rows, an epoch of 500": (partial(net.fit, *some, epochs=500, **quiet), 500),
        "fit, 64 rows, one epoch": (partial(net.fit, *some, epochs=1, **quiet), 1),
        "fit with a callback, 64 rows, an epoch of 50": (
            partial(net.fit, *some, epochs=50, callbacks=[pybp.callbacks.Callback()], **quiet),
            50,
        ),
        "fit, 10,000 rows, an epoch of 2": (partial(net.fit, X, y, epochs=2, **quiet), 2),
    }


def microseconds(function, per_call, seconds=0.1, repeats=5):
    """CPU time of one thread, which other processes disturb least; the best of a few runs of `seconds` together."""
    function()
    start = time.thread_time()
    function()
    number = max(1, int(seconds / repeats / (time.thread_time() - start)))
    runs = []
    for _ in range(repeats):
        start = time.thread_time()
        for _ in range(number):
            function()
        runs.append((time.thread_time() - start) / number / per_call * 1e6)
    return min(runs)


def measured(python):
    """Figures of the pybp that this interpreter has, from a process of its own."""
    env = dict(os.environ)
    if python != sys.executable:
        env.pop("PYTHONPATH", None)
    command = [python, __file__, "--once"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--beside", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--once", action="store_true", help="one round, as JSON")
    options = parser.parse_args()
    if options.once:
        print(json.dumps({name: microseconds(*call) for name, call in calls().items()}))
        return
    pythons = [sys.executable, *([options.beside] if options.beside else [])]
    rounds = [[measured(python) for python in pythons] for _ in range(options.rounds)]
    for name in rounds[0][0]:
        values = [statistics.median(turn[i][name] for turn in rounds) for i in range(len(pythons))]
        shown = "  ".join(f"{value:10.2f}" for value in values)
        change = f"  {values[0] - values[1]:+8.2f}" if options.beside else ""
        print(f"{name:46}{shown}{change}")


if __name__ == "__main__":
    main()
