"""Rounds: rival, pybp, FMA loop, rival, pybp, FMA loop ... Each contestant is a process that lives through them.

Shared machines drift, so a figure alone says little: what counts are ratios of neighbours in time, and the best of many.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from grid import CORE, TRAIN

HERE = Path(__file__).parent
ANY = 4, 1 << 20  # steps of an epoch, at least and at most
LONG = 16, 1 << 20  # where what an epoch costs besides is not to count
LEAST_ROUNDS = 3
CONTEST_SECONDS = 20  # after which there are no more rounds than that
REST_SECONDS = 0.005  # until the threads of the one before have gone to sleep
CAPS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYBP_NUM_THREADS")


def cpus(threads):
    """The last CPUs that this process may use, one for each thread."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < threads:
        raise SystemExit(
            f"{threads} threads need {threads} CPUs; this process may use {len(allowed)}"
        )
    return set(allowed[-threads:])


def start(command, threads, errors):
    """A process bound to as many CPUs as it has threads: some libraries start more whatever they are told."""
    caps = dict.fromkeys(CAPS, str(threads))
    flags = "--xla_cpu_multi_thread_eigen=false" if threads == 1 else ""
    return subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        bufsize=1,
        env={**os.environ, **caps, "XLA_FLAGS": flags},
        preexec_fn=lambda: os.sched_setaffinity(0, cpus(threads)),
    )


class Process:
    """A child that answers a line with a line."""

    def __init__(self, command, threads, errors):
        self.name = command[-1]
        self.child = start(command, threads, errors)

    def ask(self, line):
        try:
            self.child.stdin.write(line + "\n")
            answer = self.child.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise ProcessLookupError(f"ended with code {self.child.wait()}")
        return answer

    def close(self):
        self.child.stdin.close()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Contestant(Process):
    """A peer, or pybp, in Python."""

    def __init__(self, name, threads, errors):
        super().__init__([sys.executable, HERE / "contestant.py", name, threads], threads, errors)

    def prepare(self, cell, steps):
        order = {"do": "prepare", "cell": cell.as_dict(), "least": steps[0], "most": steps[1]}
        return json.loads(self.ask(json.dumps(order)))

    def run(self):
        answer = json.loads(self.ask('{"do": "run"}'))
        if "seconds" not in answer:
            raise ProcessLookupError(answer.get("refused", "no answer"))
        return answer["seconds"]


class Core(Process):
    """pybp_bench --serve, with one job or none."""

    def __init__(self, program, threads, errors, job=None, steps=0):
        command = [
            program,
            "--serve",
            "--threads",
            threads,
            "--steps",
            steps,
            "--only",
            job or "(nothing)",
        ]
        super().__init__(command, threads, errors)
        self.jobs = [line.strip() for line in iter(self.child.stdout.readline, "\n")]

    def run(self):
        return float(self.ask("job 0"))

    def peak(self, dtype):
        return float(self.ask(f"peak {dtype}"))


def core_job(cell):
    """What pybp_bench calls a cell."""
    if cell.work == TRAIN:
        return f"step {cell.dtype} {cell.net}, batch {cell.batch}, {cell.optimizer}"
    return f"predict {cell.dtype} {cell.net}, {cell.batch} rows"


def run_core(program, threads, rounds, only):
    """What a whole run of pybp_bench writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "core.json"
        command = [
            program,
            "--rounds",
            rounds,
            "--threads",
            threads,
            "--json",
            path,
            "--only",
            only,
        ]
        child = start(command, threads, subprocess.DEVNULL)
        child.communicate()
        if child.returncode != 0:
            raise SystemExit(f"{program} ended with code {child.returncode}")
        return json.loads(path.read_text())


@dataclass
class Arena:
    """The processes, kept as long as there are cells for them, and the rounds between them."""

    program: Path  # pybp_bench
    rounds: int
    errors: object = subprocess.DEVNULL
    pool: dict = field(default_factory=dict)
    loops: dict = field(default_factory=dict)  # FMA loops, by the threads that run them

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.dismiss()
        for process in self.loops.values():
            process.close()

    def dismiss(self):
        """Send home those who wait for a next cell."""
        for process in self.pool.values():
            process.close()
        self.pool.clear()

    def prepare(self, name, threads, cell, steps, role="rival"):
        """A contestant that is ready, and what it says of itself; without one if it can't take part."""
        if name == CORE:
            process = Core(self.program, threads, self.errors, core_job(cell), steps[1])
            return process, {"refused": None, "usage": "the same from C", "steps": steps[1]}
        key = role, name, threads
        process = self.pool[key] = self.pool.get(key) or Contestant(name, threads, self.errors)
        try:
            said = process.prepare(cell, steps)
        except ProcessLookupError as error:
            self.pool.pop(key).close()
            return None, {"refused": f"failed: {error}"}
        return (process if said["refused"] is None else None), said

    def hold(self, contest):
        """The record of a contest: `turns`, each of a rival with pybp and the FMA loop right after it."""
        cell, beside_core = contest.cell, CORE in dict(contest.rivals)
        if beside_core:  # which starts anew for each job: where memory lies counts for percents
            self.dismiss()
        steps = LONG if beside_core else ANY
        pybp, said = self.prepare("pybp", contest.threads, cell, steps, "pybp")
        if pybp is None:
            raise SystemExit(f"pybp cannot do {contest.key}: {said['refused']}")
        peers, ready = {"pybp": said}, []
        for name, threads in contest.rivals:
            # pybp against itself does the same epochs on both sides.
            steps = (said["steps"],) * 2 if name in (CORE, "pybp") else ANY
            shown = f"pybp, {threads} thread" if name == "pybp" else name
            process, peers[shown] = self.prepare(name, threads, contest.beside or cell, steps)
            if process is not None:
                ready.append((shown, process))
        if contest.threads not in self.loops:
            self.loops[contest.threads] = Core(self.program, contest.threads, self.errors)
        loop = self.loops[contest.threads]
        turns, begin = [], time.monotonic()
        for i in range(self.rounds):
            if i >= LEAST_ROUNDS and time.monotonic() - begin > CONTEST_SECONDS:
                break
            for name, process in ready or [(None, None)]:
                turn = {"round": i, "rival": name}
                if process is not None:
                    turn["seconds"] = self.turn(process)
                turn["pybp"] = self.turn(pybp)
                turn["peak"] = loop.peak(cell.dtype)
                turns.append(turn)
        for name, process in ready:
            if name == CORE:
                process.close()
        return {
            "key": contest.key,
            "section": contest.section,
            "cell": cell.as_dict(),
            "threads": contest.threads,
            "contestants": peers,
            "turns": turns,
        }

    def turn(self, process):
        time.sleep(REST_SECONDS)
        return process.run()
