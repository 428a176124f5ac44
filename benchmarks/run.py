"""Measure pybp against its peers and against the machine, and write docs/benchmarks.md.

    python benchmarks/run.py                         # everything: 25 minutes on two idle cores
    python benchmarks/run.py --quick                 # a few cells, 2 minutes; prints its tables and writes no page
    python benchmarks/run.py --only training --peers JAX,PyTorch --threads 1
    python benchmarks/run.py --resume                # continue a run that was stopped
    python benchmarks/run.py --report                # write the page from the stored results

The record of each contest is written to benchmarks/results/ as soon as it is measured. Peers that are not installed are
left out, and the page says so; `pip install '.[bench]'` installs them.
"""

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import grid
import growth
import interleave
import machine
import memory
from results import Results

sys.path.append(str(grid.ROOT / "tools"))
import benchmarks_page

SECTIONS = {
    "training": grid.training,
    "inference": grid.inference,
    "overhead": grid.overhead,
    "scaling": grid.scaling,
    "growth": growth.growth,
}
OTHERS = ("core", "memory")  # sections without contests
SLOW_TO_START = "PyTorch compiled"  # ten seconds per cell, so --quick leaves it out
RESULTS = Path(__file__).parent / "results"


def words(text):
    return tuple(word.strip() for word in text.split(",") if word.strip())


def arguments(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few cells, few rounds")
    parser.add_argument(
        "--only", type=words, default=(), metavar="SECTIONS", help=", ".join((*SECTIONS, *OTHERS))
    )
    parser.add_argument(
        "--cells",
        type=words,
        default=(),
        metavar="TEXTS",
        help="cells whose names contain one of them",
    )
    parser.add_argument(
        "--threads", type=words, default=("1", "2"), metavar="COUNTS", help="default: 1,2"
    )
    parser.add_argument(
        "--peers", type=words, default=None, metavar="NAMES", help="default: all; none: pybp alone"
    )
    parser.add_argument("--rounds", type=int, default=None, help="default: 7; quick: 3")
    parser.add_argument("--json", type=Path, default=None, help="file for the results")
    parser.add_argument(
        "--bench", type=Path, default=None, help="use this pybp_bench instead of building one"
    )
    parser.add_argument("--resume", action="store_true", help="keep the records of the file")
    parser.add_argument("--report", action="store_true", help="write the page without measuring")
    parser.add_argument("--errors", type=Path, default=None, help="file for what the peers print")
    options = parser.parse_args(argv)
    unknown = set(options.only) - {*SECTIONS, *OTHERS}
    if unknown:
        parser.error(
            f"--only takes {', '.join((*SECTIONS, *OTHERS))}; not {', '.join(sorted(unknown))}"
        )
    options.threads = tuple(map(int, options.threads))
    if options.peers == ("none",):
        options.peers = ()
    if options.peers is None and options.quick:
        options.peers = tuple({*grid.TRAINING_PEERS, *grid.RUNTIMES} - {SLOW_TO_START})
    return options


def contests(options):
    """The contests of a run, in order."""
    for threads in options.threads:
        for name, section in SECTIONS.items():
            if (options.only and name not in options.only) or (options.quick and name == "growth"):
                continue
            for contest in section(grid.QUICK if options.quick else grid.CELLS, threads):
                if wanted(contest, options):
                    yield with_peers(contest, options.peers)


def wanted(contest, options):
    if options.quick and (contest.cell.dtype, contest.cell.optimizer) != ("f32", "adam"):
        return False
    return not options.cells or any(text in contest.cell.key for text in options.cells)


def with_peers(contest, peers):
    """A contest with only the chosen peers as rivals; pybp as its own rival always stays."""
    if peers is None:
        return contest
    own = ("pybp", "pybp out=", grid.CORE)
    return replace(contest, rivals=tuple(r for r in contest.rivals if r[0] in (*own, *peers)))


def measure_contests(options, program, results):
    todo = [contest for contest in contests(options) if contest.key not in results.records]
    begin = time.time()
    errors = options.errors.open("w") if options.errors else interleave.subprocess.DEVNULL
    with interleave.Rounds(program, options.rounds, errors) as rounds:
        for i, contest in enumerate(todo):
            print(
                f"[{i + 1}/{len(todo)}, {time.time() - begin:.0f} s] {contest.key}",
                file=sys.stderr,
                flush=True,
            )
            results.add(contest.key, rounds.measure(contest))
            if i + 1 < len(todo) and todo[i + 1].threads != contest.threads:
                rounds.close_contestants()


def measure_core(options, program, results):
    """Run pybp_bench on the CPUs of the contests: all jobs on one thread, the steps on more."""
    for threads in options.threads:
        if options.resume and str(threads) in results.core:
            continue
        found = interleave.run_core(
            program, threads, options.rounds, "" if threads == 1 else "step"
        )
        results.set_core(found, threads)


def measure_memory(results):
    for name, job in memory.jobs():
        if memory.key(name, job) not in results.records:
            found = memory.record(name, job)
            if found is not None:
                results.add(memory.key(name, job), found)


def main():
    options = arguments()
    allowed = len(os.sched_getaffinity(0))
    for threads in [count for count in options.threads if count > allowed]:
        print(
            f"left out: {threads} threads, as this process may use {allowed} CPUs", file=sys.stderr
        )
    options.threads = tuple(count for count in options.threads if count <= allowed)
    path = options.json or RESULTS / ("quick.json" if options.quick else "full.json")
    options.rounds = options.rounds or (3 if options.quick else 7)
    results = Results(path, keep=options.resume or options.report)
    if not options.report:
        program = options.bench or machine.build(grid.ROOT / "build" / "bench")
        results.describe(
            {**machine.describe(), "compiler": machine.compiler(program), "rounds": options.rounds}
        )
        wanted = options.only or ((*SECTIONS, *OTHERS) if not options.quick else SECTIONS)
        if "core" in wanted:
            measure_core(options, program, results)
        if "memory" in wanted:
            measure_memory(results)
        measure_contests(options, program, results)
    if options.report or not (options.quick or options.json):
        benchmarks_page.write(results.run)
    else:
        print(benchmarks_page.tables(results.run))


if __name__ == "__main__":
    main()
