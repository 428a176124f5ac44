"""Peak memory of training, each library in its own process, which `memory.py NAME JOB` is.

JOB is "training", a training of the largest net of the grid; or "float32" or "float64", a `fit` on an X of that dtype
that is larger than all other data, which shows whether X is copied.
"""

import gc
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from grid import BIG, Cell
from interleave import CAPS

CONTESTANTS = ("pybp", "PyTorch", "scikit-learn")
STEPS = 4
PER_PARAMETER = 20  # bytes that Adam may take: weight, gradient, two moments, and 4 more
MIB = 2**20
LARGE = Cell((1024, 64, 10), 256)  # its X has 65,536 rows and takes 256 or 512 MiB
LARGE_STEPS = 256


def status(field):
    """Bytes, from /proc/self/status."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def reset_peak():
    Path("/proc/self/clear_refs").write_text("5")


def job_of(name):
    if name == "training":
        return BIG, STEPS
    return replace(LARGE, dtype="f32" if name == "float32" else "f64"), LARGE_STEPS


def measure(name, job):
    """Resident bytes after the import, with the data, and at the peak of training."""
    import peers
    from peers import data

    cell, steps = job_of(job)
    peer = peers.find(name)(1)
    imported = status("VmRSS")
    made = data.make(cell, steps)
    gc.collect()
    before = status("VmRSS")
    reset_peak()
    if job != "training" and name == "pybp":  # a float32 net in both jobs
        net = peer.net(replace(cell, dtype="f32"))
        net.fit(made.X, made.y, epochs=1, batch_size=cell.batch, progress=False, threads=1)
    else:
        peer.train(cell, made)()
    return {"imported": imported, "before": before, "peak": status("VmHWM"), "x": made.X.nbytes}


def activations():
    """Bytes of the activations and deltas of a batch."""
    return 2 * BIG.batch * sum(BIG.sizes) * BIG.itemsize


def allowed():
    """Bytes that training the largest net may take in addition to the process and the data."""
    return BIG.parameters * PER_PARAMETER + activations()


def jobs():
    return [(name, "training") for name in CONTESTANTS] + [("pybp", "float32"), ("pybp", "float64")]


def key(name, job):
    return f"memory: {name}, {job}"


def record(name, job):
    """The numbers that such a process prints; None if its library is missing or it failed."""
    env = {**os.environ, **dict.fromkeys(CAPS, "1")}
    command = [sys.executable, __file__, name, job]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode != 0:
        print(done.stderr.strip().rpartition("\n")[2], file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
