"""Measure pybp against its peers and against the machine, and write docs/benchmarks.md.

    python benchmarks/run.py                         # everything: 25 minutes on two cores that are otherwise idle
    python benchmarks/run.py --quick                 # a few cells, 2 minutes; prints its tables and writes no page
    python benchmarks/run.py --only training --peers JAX,PyTorch --threads 1
    python benchmarks/run.py --resume                # go on with a run that was stopped
    python benchmarks/run.py --report                # the page again, from the results as they are

Each cell's record is written to benchmarks/results/ as soon as it is there. Peers that are not installed are left out,
and the page says so; `pip install '.[bench]'` brings them.
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
import report
from results import Results

SECTIONS = {
    "training": grid.training,
    "inference": grid.inference,
    "overhead": grid.overhead,
    "scaling": grid.scaling,
    "growth": growth.growth,
}
OTHERS = ("core", "memory")  # that are no contests
SLOW_TO_START = "PyTorch compiled"  # ten seconds a cell, so not in short runs
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
        help="cells whose names hold one of them",
    )
    parser.add_argument(
        "--threads", type=words, default=("1", "2"), metavar="COUNTS", help="default: 1,2"
    )
    parser.add_argument(
        "--peers", type=words, default=None, metavar="NAMES", help="default: all; none: pybp alone"
    )
    parser.add_argument("--rounds", type=int, default=None, help="default: 7; quick: 3")
    parser.add_argument("--json", type=Path, default=None, help="where the results go")
    parser.add_argument(
        "--bench", type=Path, default=None, help="a pybp_bench to use instead of building one"
    )
    parser.add_argument("--resume", action="store_true", help="keep the records that are there")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the page")
    parser.add_argument("--errors", type=Path, default=None, help="a file for what the peers print")
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
        options.peers = tuple({*grid.RIVALS, *grid.RUNTIMES} - {SLOW_TO_START})
    return options


def contests(options):
    """What to hold, in the order of the run."""
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
    """Only those rivals that were asked for; pybp itself takes part in any case."""
    if peers is None:
        return contest
    own = ("pybp", "pybp out=", grid.CORE)
    return replace(contest, rivals=tuple(r for r in contest.rivals if r[0] in (*own, *peers)))


def hold_all(options, program, results):
    todo = [contest for contest in contests(options) if contest.key not in results.records]
    begin, errors = (
        time.time(),
        options.errors.open("w") if options.errors else interleave.subprocess.DEVNULL,
    )
    with interleave.Arena(program, options.rounds, errors) as arena:
        for i, contest in enumerate(todo):
            print(
                f"[{i + 1}/{len(todo)}, {time.time() - begin:.0f} s] {contest.key}",
                file=sys.stderr,
                flush=True,
            )
            results.add(contest.key, arena.hold(contest))
            if i + 1 < len(todo) and todo[i + 1].threads != contest.threads:
                arena.dismiss()


def measure_core(options, program, results):
    """All of pybp_bench, on the CPU of the contests."""
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
            f"left out: {threads} threads, for this process may use {allowed} CPUs", file=sys.stderr
        )
    options.threads = tuple(count for count in options.threads if count <= allowed)
    path = options.json or RESULTS / ("quick.json" if options.quick else "full.json")
    options.rounds = options.rounds or (3 if options.quick else 7)
    results = Results(path, keep=options.resume or options.report)
    if not options.report:
        program = options.bench or machine.build(machine.ROOT / "build" / "bench")
        results.describe(
            {**machine.describe(), "compiler": machine.compiler(program), "rounds": options.rounds}
        )
        wanted = options.only or ((*SECTIONS, *OTHERS) if not options.quick else SECTIONS)
        if "core" in wanted:
            measure_core(options, program, results)
        if "memory" in wanted:
            measure_memory(results)
        hold_all(options, program, results)
    if options.report or not (options.quick or options.json):
        report.write(results.run)
    else:
        print(report.tables(results.run))


if __name__ == "__main__":
    main()
