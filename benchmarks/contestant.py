"""The process of a contestant: `contestant.py NAME THREADS`. It reads requests from standard input and answers each.

A request is a line of JSON, and so is the answer. {"do": "prepare", "cell": ..., "least": ..., "most": ...} creates the
data, for an epoch of so many steps, then compiles and warms up. {"do": "run"} works for about SAMPLE_SECONDS and answers
with the seconds per step or prediction.
"""

import gc
import json
import os
import sys
import time
import traceback

import peers
from grid import TRAIN, Cell
from peers import data

SAMPLE_SECONDS = 0.05
SHORT_SECONDS = 0.02  # shorter calls are made once before the clock starts, to fill the caches


class Work:
    """The work of one cell, and how often a sample repeats it."""

    def __init__(self, peer, cell, least, most):
        self.steps = self.units = 1
        if cell.work == TRAIN:
            self.steps = cell.steps(min(peer.most_steps, most), least)
            self.units = self.steps * peer.epochs_per_call(cell, self.steps)
            self.call = peer.train(cell, data.make(cell, self.steps))
        else:
            self.call = peer.predict(cell, data.inputs(cell, cell.batch))
        self.measure(1)  # compiles
        seconds = self.measure(1)
        if seconds < SAMPLE_SECONDS:
            # Times may still fall, and one call may be too short to be measured.
            seconds = self.measure(max(1, int(1e-3 / seconds)))
        self.warm = seconds < SHORT_SECONDS
        self.repeats = max(1, round(SAMPLE_SECONDS / seconds))

    def measure(self, repeats):
        """Seconds per call."""
        call = self.call
        begin = time.perf_counter()
        for _ in range(repeats):
            call()
        return (time.perf_counter() - begin) / repeats

    def run(self):
        if self.warm:
            self.call()
        return self.measure(self.repeats) / self.units


def main():
    name, threads = sys.argv[1], int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print goes to standard error
    peer = work = None
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        try:
            if request["do"] == "run":
                answer["seconds"] = work.run()
            else:
                work = None
                gc.enable()
                gc.collect()
                peer = peer or peers.find(name)(threads)
                cell = Cell.from_dict(request["cell"])
                answer["refused"] = peer.refuses(cell)
                answer |= {"version": peer.version(), "usage": peer.usage}
                if answer["refused"] is None:
                    work = Work(peer, cell, request["least"], request["most"])
                    answer["steps"] = work.steps
                gc.collect()
                gc.disable()
        except ImportError as error:
            answer["refused"] = f"not installed: {error}"
        except Exception as error:
            traceback.print_exc()
            answer["refused"] = f"failed: {type(error).__name__}: {error}"[:300]
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
