"""Peak memory of training, each library in a process of its own: `memory.py NAME JOB` measures, in that process.

JOB is "training", of the largest net of the grid, or "float32" or "float64": a `fit` on an X of that dtype that is
larger than all else, to see that nobody copies it.
"""

import gc
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from grid import BIG, Cell

CONTESTANTS = ("pybp", "PyTorch", "scikit-learn")
STEPS = 4
PER_PARAMETER = (
    20  # bytes that training with Adam may take: weight, gradient, two moments, and one more
)
MIB = 2**20
LARGE = Cell((1024, 64, 10), 256)  # of X, 65,536 rows: 256 or 512 MiB
LARGE_STEPS = 256


def status(field):
    """Bytes, of /proc/self/status."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def forget_peak():
    Path("/proc/self/clear_refs").write_text("5")


def job_of(name):
    if name == "training":
        return BIG, STEPS
    return replace(LARGE, dtype="f32" if name == "float32" else "f64"), LARGE_STEPS


def measure(name, job):
    """Resident bytes: after the import, with the data, and at the peak of training."""
    import peers
    from peers import data

    cell, steps = job_of(job)
    peer = peers.find(name)(1)
    imported = status("VmRSS")
    made = data.make(cell, steps)
    gc.collect()
    before = status("VmRSS")
    forget_peak()
    if job != "training" and name == "pybp":  # float64 rows for a float32 net, too
        net = peer.net(replace(cell, dtype="f32"))
        net.fit(made.X, made.y, epochs=1, batch_size=cell.batch, progress=False, threads=1)
    else:
        peer.train(cell, made)()
    return {"imported": imported, "before": before, "peak": status("VmHWM"), "x": made.X.nbytes}


def activations():
    """Bytes of the activations and deltas of a batch."""
    return 2 * BIG.batch * sum(BIG.sizes) * BIG.itemsize


def allowed():
    """Bytes that training the largest net may take, on top of process and data."""
    return BIG.parameters * PER_PARAMETER + activations()


def jobs():
    return [(name, "training") for name in CONTESTANTS] + [("pybp", "float32"), ("pybp", "float64")]


def key(name, job):
    return f"memory: {name}, {job}"


def record(name, job):
    """What such a process says; None if its library is missing or it failed."""
    from interleave import CAPS

    env = {**os.environ, **dict.fromkeys(CAPS, "1")}
    command = [sys.executable, __file__, name, job]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode != 0:
        print(done.stderr.strip().rpartition("\n")[2], file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
