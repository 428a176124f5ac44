"""Interleaved rounds: rival, pybp, FMA loop, next rival, pybp, FMA loop ... Each contestant is a process that lives
through all rounds.

The speed of a shared machine drifts, so a time alone says little. Ratios of neighbouring measurements, and the best of
many, are what can be compared.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from grid import CORE, TRAIN, threads_text

HERE = Path(__file__).parent
ANY = 4, 1 << 20  # steps of an epoch: the least and the most
LONG = 16, 1 << 20  # where the cost per epoch must not count
LEAST_ROUNDS = 3
CONTEST_SECONDS = 20  # after this time a contest ends, unless it had fewer than LEAST_ROUNDS
REST_SECONDS = 0.005  # until the worker threads of the previous contestant sleep
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
    """A process bound to as many CPUs as it has threads, as some libraries start more threads than they are told."""
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
    """A child process that answers each line with a line."""

    def __init__(self, command, threads, errors):
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
    """pybp from Python, or a peer."""

    def __init__(self, name, threads, errors):
        super().__init__([sys.executable, HERE / "contestant.py", name, threads], threads, errors)

    def prepare(self, cell, steps):
        request = {"do": "prepare", "cell": cell.as_dict(), "least": steps[0], "most": steps[1]}
        return json.loads(self.ask(json.dumps(request)))

    def run(self):
        answer = json.loads(self.ask('{"do": "run"}'))
        if "seconds" not in answer:
            raise ProcessLookupError(answer.get("refused", "no answer"))
        return answer["seconds"]


class Core(Process):
    """pybp_bench --serve, with one job or none."""

    def __init__(self, program, threads, errors, job="(nothing)", steps=0):
        options = ["--threads", threads, "--steps", steps, "--only", job]
        super().__init__([program, "--serve", *options], threads, errors)
        for _ in iter(self.child.stdout.readline, "\n"):
            pass  # the names of the jobs

    def run(self):
        return float(self.ask("job 0"))

    def peak(self, dtype):
        return float(self.ask(f"peak {dtype}"))


def core_job(cell):
    """The name of a cell in pybp_bench."""
    if cell.work == TRAIN:
        return f"step {cell.dtype} {cell.net}, batch {cell.batch}, {cell.optimizer}"
    return f"predict {cell.dtype} {cell.net}, {cell.batch} rows"


def run_core(program, threads, rounds, only):
    """The JSON report of a whole run of pybp_bench."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "core.json"
        options = ["--rounds", rounds, "--threads", threads, "--json", path, "--only", only]
        child = start([program, *options], threads, subprocess.DEVNULL)
        child.communicate()
        if child.returncode != 0:
            raise SystemExit(f"{program} ended with code {child.returncode}")
        return json.loads(path.read_text())


@dataclass
class Rounds:
    """Runs contests. Processes are kept from one contest to the next."""

    program: Path  # pybp_bench
    rounds: int
    errors: object = subprocess.DEVNULL
    contestants: dict = field(default_factory=dict)
    loops: dict = field(default_factory=dict)  # FMA loops by their number of threads

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close_contestants()
        for process in self.loops.values():
            process.close()

    def close_contestants(self):
        for process in self.contestants.values():
            process.close()
        self.contestants.clear()

    def prepare(self, name, threads, cell, steps, role="rival"):
        """A contestant that is ready, or None if it cannot do the cell; and its answer."""
        if name == CORE:
            process = Core(self.program, threads, self.errors, core_job(cell), steps[1])
            return process, {"refused": None, "usage": "the same from C", "steps": steps[1]}
        key = role, name, threads
        process = self.contestants.get(key) or Contestant(name, threads, self.errors)
        self.contestants[key] = process
        try:
            answer = process.prepare(cell, steps)
        except ProcessLookupError as error:
            self.contestants.pop(key).close()
            return None, {"refused": f"failed: {error}"}
        return (process if answer["refused"] is None else None), answer

    def prepare_all(self, contest):
        """pybp, its rivals as (name, process), and the answers of all by name."""
        against_core = CORE in dict(contest.rivals)
        if against_core:
            # pybp_bench starts again for each job, so pybp does, too: where its memory lies counts for percents.
            self.close_contestants()
        steps = LONG if against_core else ANY
        pybp, answer = self.prepare("pybp", contest.threads, contest.cell, steps, "pybp")
        if pybp is None:
            raise SystemExit(f"pybp cannot do {contest.key}: {answer['refused']}")
        answers, ready = {"pybp": answer}, []
        for name, threads in contest.rivals:
            # pybp against itself does the same epochs on both sides.
            steps = (answer["steps"],) * 2 if name in (CORE, "pybp") else ANY
            shown = f"pybp, {threads_text(threads)}" if name == "pybp" else name
            cell = contest.rival_cell or contest.cell
            process, answers[shown] = self.prepare(name, threads, cell, steps)
            if process is not None:
                ready.append((shown, process))
        return pybp, ready, answers

    def measure(self, contest):
        """The record of a contest. Each of its samples is a rival, then pybp, then the FMA loop."""
        pybp, rivals, answers = self.prepare_all(contest)
        if contest.threads not in self.loops:
            self.loops[contest.threads] = Core(self.program, contest.threads, self.errors)
        loop = self.loops[contest.threads]
        samples, begin = [], time.monotonic()
        for i in range(self.rounds):
            if i >= LEAST_ROUNDS and time.monotonic() - begin > CONTEST_SECONDS:
                break
            for name, process in rivals or [(None, None)]:
                sample = {"round": i, "rival": name}
                if process is not None:
                    sample["seconds"] = rested_run(process)
                sample["pybp"] = rested_run(pybp)
                sample["peak"] = loop.peak(contest.cell.dtype)
                samples.append(sample)
        for name, process in rivals:
            if name == CORE:
                process.close()
        return {
            "key": contest.key,
            "section": contest.section,
            "cell": contest.cell.as_dict(),
            "threads": contest.threads,
            "contestants": answers,
            "samples": samples,
        }


def rested_run(process):
    time.sleep(REST_SECONDS)
    return process.run()
