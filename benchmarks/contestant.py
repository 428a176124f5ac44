"""A contestant's process: `contestant.py NAME THREADS`, told through its standard input what to do and when.

Each line is an order in JSON, and the answer is a line too: {"do": "prepare", "cell": ..., "least": ..., "most": ...} imports,
makes data for so many steps an epoch, compiles and warms up; {"do": "run"} works for about a turn and tells the seconds that one step or prediction took.
"""

import gc
import json
import os
import sys
import time
import traceback

import peers
from grid import Cell
from peers import data

TURN_SECONDS = 0.05
SHORT_SECONDS = 0.02  # a call that is this short is made once before the clock starts: other processes had the caches


class Turns:
    """The work of one cell, and how often a turn does it."""

    def __init__(self, peer, cell, least, most):
        self.steps = self.units = 1
        if cell.work == "train":
            self.steps = cell.steps(min(peer.most_steps, most), least)
            self.units = self.steps * peer.epochs_a_call(cell, self.steps)
            self.call = peer.train(cell, data.make(cell, self.steps))
        else:
            self.call = peer.predict(cell, data.inputs(cell, cell.batch))
        self.measure(1)  # compiles
        seconds = self.measure(1)
        if seconds < TURN_SECONDS:  # it may still settle, and may be too short to be measured alone
            seconds = self.measure(max(1, int(1e-3 / seconds)))
        self.warm = seconds < SHORT_SECONDS
        self.times = max(1, round(TURN_SECONDS / seconds))

    def measure(self, times):
        """Seconds of one call."""
        call = self.call
        begin = time.perf_counter()
        for _ in range(times):
            call()
        return (time.perf_counter() - begin) / times

    def run(self):
        if self.warm:
            self.call()
        return self.measure(self.times) / self.units


def main():
    name, threads = sys.argv[1], int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # libraries print what they like
    peer = turns = None
    for line in sys.stdin:
        order = json.loads(line)
        answer = {}
        try:
            if order["do"] == "run":
                answer["seconds"] = turns.run()
            else:
                turns = None
                gc.enable()
                gc.collect()
                peer = peer or peers.find(name)(threads)
                cell = Cell.from_dict(order["cell"])
                answer["refused"] = peer.refuses(cell)
                answer |= {"version": peer.version(), "usage": peer.usage}
                if answer["refused"] is None:
                    turns = Turns(peer, cell, order["least"], order["most"])
                    answer["steps"] = turns.steps
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
