"""Fill in the tables of targets in docs/performance.md: what a run reached, and whether it meets the target.

    python tools/targets_table.py                    # from benchmarks/results/full.json
    python tools/targets_table.py --results FILE

The page itself states the targets. The header of a table names a measure (see MEASURES), and each row begins with
what is measured and with the bound; this script writes the other columns.
"""

import argparse
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median

import pages

sys.path.append(str(pages.ROOT / "benchmarks"))
import ratios
from grid import BY_NAME, CORE, PREDICT, PREDICTED, RUNTIMES, TRAINING_PEERS, Contest
from interleave import core_job

PAGE = pages.DOCS / "performance.md"
RESULTS = pages.ROOT / "benchmarks" / "results" / "full.json"
PEERS = tuple(name for name in TRAINING_PEERS if name != "FANN")  # FANN trains something else
RATE = 100e9  # FLOP/s of the core for which bounds in milliseconds are stated
BOUND = re.compile(r"([≥≤]) ([\d.]+) ?(%|x|µs|ms|cycles)$")
UNITS = {"%": (100, 1), "x": (1, 2), "µs": (1e6, 2), "ms": (1e3, 3), "cycles": (1, 2)}  # digits
HEADER = ["bound", "best", "median", "met", "note"]
PREDICTIONS = {
    cell.name: cell
    for each in PREDICTED
    for cell in (replace(each, work=PREDICT, batch=rows) for rows in (1, 10_000))
}


class Row:
    """What a row is about, like "256x4 B128, f64, sgd", and the records of a run about it."""

    def __init__(self, run, what):
        self.run, self.what = run, what
        name, *words = what.split(", ")
        self.cell = {**BY_NAME, **PREDICTIONS}.get(name)
        self.threads, self.contestant = 1, "pybp"
        for word in words:
            if word in ("f32", "f64"):
                self.cell = replace(self.cell, dtype=word)
            elif word in ("adam", "sgd"):
                self.cell = replace(self.cell, optimizer=word)
            elif word == "2 threads":
                self.threads = 2
            else:
                self.contestant = word

    def record(self, section, threads=None):
        return self.run["records"].get(Contest(section, self.cell, threads or self.threads).key)

    def jobs(self):
        """The jobs of pybp_bench by name, like "step f32 256x4, batch 128, sgd"."""
        jobs = self.run["core"].get("1", {}).get("jobs", ())
        return {f"{job['group']} {job['dtype']} {job['name']}": job for job in jobs}


# ---- measures: each returns (best, median, note), or None if the run did not measure the row ----------------


def peak_fraction_from_c(row):
    job, record = row.jobs().get(core_job(row.cell)), row.record("training")
    if job is None:
        return None
    work = row.cell.flop / row.run["core"]["1"]["peak_flops"][row.cell.dtype]
    fit = f"through `fit`: {100 * ratios.peak_fraction(record)[0]:.1f}%" if record else ""
    return work / job["seconds_best"], work / job["seconds_median"], fit


def peak_fraction(row):
    record = row.record("inference" if row.cell.work == PREDICT else "training")
    return record and (*ratios.peak_fraction(record), "")


def seconds_at_rate(row):
    found = peak_fraction(row)
    return found and (*(row.cell.flop / (fraction * RATE) for fraction in found[:2]), "")


def against(names):
    """Ratio to the fastest of these rivals."""

    def measure(row):
        record = row.record("inference" if row.cell.work == PREDICT else "training")
        rival = record and ratios.fastest(record, names)
        if not rival:
            return None
        fraction = ratios.rival_peak_fraction(record, rival)
        note = f"{rival}, {100 * fraction:.1f}%" if fraction else rival
        return *ratios.ratio(record, rival), note

    return measure


def against_one_thread(row):
    record = row.record("scaling", 2)
    return record and (*ratios.ratio(record, "pybp, 1 thread"), "")


def relative_overhead(row):
    record = row.record("overhead")
    return record and (*(1 / value - 1 for value in ratios.ratio(record, CORE)), "")


def overhead_seconds(row):
    record, found = row.record("overhead"), relative_overhead(row)
    return found and (*(extra * min(ratios.times(record, CORE)) for extra in found[:2]), "")


def prediction_seconds(row):
    record = row.record("inference")
    values = ratios.times(record, row.contestant) if record else []
    return (min(values), median(values), "") if values else None


def cycles(row):
    names = (f"element f32 {kind} {row.what}" for kind in ("activation", "function"))
    job = next((row.jobs()[name] for name in names if name in row.jobs()), None)
    return job and (job["value"], None, "")


MEASURES = {
    "fraction of peak, from C": peak_fraction_from_c,
    "fraction of peak": peak_fraction,
    "time of a step at 100 GFLOP/s": seconds_at_rate,
    "against PyTorch": against(("PyTorch", "PyTorch compiled")),
    "against the fastest peer": against(PEERS),
    "two threads against one": against_one_thread,
    "`fit` over the C step, relative": relative_overhead,
    "`fit` over the C step": overhead_seconds,
    "time of a prediction": prediction_seconds,
    "against ONNX Runtime": against(RUNTIMES),
    "cycles per element": cycles,
}


# ---- tables ------------------------------------------------------------------------------------


def filled(run, measure, what, bound):
    """The cells of a row."""
    sign, limit, unit = BOUND.match(bound).groups()
    scale, digits = UNITS[unit]
    found = MEASURES[measure](Row(run, what))
    if not found:
        return [what, bound, "", "", "not measured", ""]
    best, middle, note = found
    space = "" if unit in ("%", "x") else " "
    shown = ["" if v is None else f"{v * scale:.{digits}f}{space}{unit}" for v in (best, middle)]
    limit = float(limit) / scale
    met = "yes" if (best >= limit if sign == "≥" else best <= limit) else "**no**"
    return [what, bound, *shown, met, note]


def fill(run, page):
    """The page with its tables of targets filled in."""
    lines, measure = [], None
    for line in page.split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            measure = None
        elif cells[1:] == HEADER:
            measure = cells[0]
        elif measure and not cells[0].startswith("---"):
            line = f"| {' | '.join(filled(run, measure, *cells[:2]))} |"
        lines.append(line)
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=Path, default=RESULTS)
    run = json.loads(parser.parse_args().results.read_text(encoding="utf-8"))
    text = fill(run, PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(text, encoding="utf-8")
    met, missed = text.count("| yes |"), text.count("| **no** |")
    when = f"in the run of {run['machine']['date']} at commit {run['machine']['commit'][:10]}"
    pages.replace(PAGE, "summary", f"{met} of {met + missed} targets are met, {when}.")


if __name__ == "__main__":
    main()
