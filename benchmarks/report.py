"""docs/benchmarks.md: what a run found, in tables and plots. All numbers come from the run's JSON."""

from dataclasses import replace
from pathlib import Path
from statistics import median

import figures
import growth
import memory
import pages
import targets
from grid import (
    BIG,
    CELLS,
    CORE,
    DTYPES_AND_OPTIMIZERS,
    MNIST,
    RIVALS,
    RUNTIMES,
    SQUARE,
    TINY,
    Cell,
)

PAGE = "benchmarks.md"
REMARKS = Path(__file__).parent / "remarks.md"
HEADLINE = (TINY, CELLS[2], MNIST, SQUARE, BIG)
TRAINING = """\
Minibatches are drawn anew in every epoch. Each rival: its best time, then the ratio. *Ratio at peak*: what a program would
reach against the fastest rival if it ran at the very peak, which is all that there is to gain."""
HOW = """\
`python benchmarks/run.py` measures all of this anew and writes this page; [developing.md](developing.md#benchmark) tells
its options.

Every comparison is interleaved: rival, pybp, FMA loop, next rival, pybp, FMA loop, and so on for {rounds} rounds (at least 3,
if they are long), in turns of 50 ms or an epoch. Every contestant is a process of its own that lives through the rounds,
has the same data, is bound to as many CPUs as it has threads, and has compiled and warmed up before. A **ratio** is the
rival's best time over pybp's best; in parentheses stands the median of the ratios of neighbouring turns. **Share of peak**
is the FLOP of the unpadded net (4·B·K·N for the first layer's step, 6·B·K·N for the others', 2·B·K·N for inference) over
pybp's best time, divided by the best of a loop of nothing but fused multiply-adds on as many threads, here {peak} on one.
Times are the best; ± is half the interquartile range of pybp's turns, in percent of their median."""


def seconds(value):
    """Three digits, in the unit that fits."""
    units = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
    unit, size = next((pair for pair in units if value >= pair[1]), units[-1])
    digits = f"{value / size:#.3g}".rstrip(".")
    return f"{digits} {unit}"


def ratio(best, middle):
    return f"{best:.2f} ({middle:.2f})"


def of_section(run, name):
    return [record for record in run["records"].values() if record.get("section") == name]


def by_cell(run, section, threads=1):
    """(cell, record) of a section, in the order of the run."""
    found = [record for record in of_section(run, section) if record["threads"] == threads]
    return [(Cell.from_dict(record["cell"]), record) for record in found]


# ---- the parts of the page -----------------------------------------------------------------------


def machine_part(run):
    names = {
        "cpu": "CPU",
        "cpu_family": "",
        "cpus": "CPUs",
        "extensions": "its extensions",
        "python": "Python",
        "numpy": "NumPy",
    }
    rows = [
        [names.get(key, key) or key.replace("_", " "), str(value)]
        for key, value in run["machine"].items()
    ]
    return "## The machine\n" + pages.table(["", ""], rows)


def targets_part(run, whole=False):
    rows = []
    for target in targets.targets(run):
        if target.met is None and not whole:
            continue
        met = {None: "not measured", True: "yes", False: "**no**"}[target.met]
        rows.append([target.what, target.bound, target.best, target.median, met, target.note])
    done = [row[4] for row in rows]
    text = f"{done.count('yes')} of {len(rows) - done.count('not measured')} that were measured are met.\n"
    header = ["target", "bound", "best of both", "median", "met", ""]
    remarks = REMARKS.read_text(encoding="utf-8") if whole and REMARKS.exists() else ""
    return "## Targets\n" + text + "\n" + pages.table(header, rows) + ("\n\n" + remarks).rstrip()


def rival_cell(record, name):
    if name not in record["contestants"]:
        return ""
    if name not in figures.rivals(record):
        return "-"
    best, middle = figures.ratio(record, name)
    return f"{seconds(min(figures.times(record, name)))}: {ratio(best, middle)}"


def limit(record, among=RIVALS):
    """How far ahead of its fastest rival a program could be that runs at the peak."""
    name = figures.fastest(record, among)
    share = name and figures.rival_share(record, name)
    return f"{1 / share:.2f}" if share else ""


def training_table(found, names):
    header = ["net, batch", "pybp", "±", "of peak", *names, "fastest rival", "ratio at peak"]
    rows = []
    for cell, record in found:
        own, share = figures.times(record), figures.share(record)[0]
        row = [cell.name, seconds(min(own)), f"{50 * figures.spread(own):.0f}%", percent(share)]
        fastest = figures.fastest(record, RIVALS) or ""
        rows.append([*row, *(rival_cell(record, name) for name in names), fastest, limit(record)])
    return pages.table(header, rows)


def percent(share):
    return "" if share is None else f"{100 * share:.1f}%"


def training_part(run):
    parts = ["## Training: seconds of a step", TRAINING]
    for threads in (1, 2):
        for dtype, optimizer in DTYPES_AND_OPTIMIZERS:
            found = [
                (cell, record)
                for cell, record in by_cell(run, "training", threads)
                if (cell.dtype, cell.optimizer) == (dtype, optimizer)
            ]
            if found:
                names = [
                    name for name in RIVALS if any(name in figures.rivals(r) for _, r in found)
                ]
                parts.append(f"### {dtype}, {optimizer}, {threads} thread{'s' * (threads > 1)}")
                parts.append(training_table(found, names))
    return "\n\n".join(parts) if len(parts) > 2 else ""


def inference_part(run):
    names = ["pybp out=", CORE, *RUNTIMES, "PyTorch", "JAX", "scikit-learn", "FANN"]
    parts = []
    for threads in (1, 2):
        rows = []
        for cell, record in by_cell(run, "inference", threads):
            own, share = figures.times(record), figures.share(record)[0]
            row = [cell.name, str(threads), seconds(min(own)), percent(share)]
            rows.append([*row, *(rival_cell(record, name) for name in names)])
        if rows:
            header = ["net", "threads", "`predict(x)`", "of peak", *names]
            parts.append(pages.table(header, rows))
    if not parts:
        return ""
    text = "*pybp out=* is `predict(x, out=out)`, *pybp_bench* the same from C, without Python."
    return "\n\n".join(["## Inference", text, *parts])


def overhead_part(run):
    rows = []
    for cell, record in by_cell(run, "overhead"):
        core, own = min(figures.times(record, CORE)), min(figures.times(record))
        steps = str(record["contestants"]["pybp"]["steps"])
        middle = median(figures.times(record)) - median(figures.times(record, CORE))
        extra = f"{1e6 * (own - core):+.2f} µs ({100 * (own / core - 1):+.1f}%)"
        rows.append(
            [cell.name, steps, seconds(core), seconds(own), extra, f"{1e6 * middle:+.2f} µs"]
        )
    if not rows:
        return ""
    header = ["net, batch", "steps an epoch", "C step", "`fit`, a step", "overhead", "median"]
    return "## What Python costs\n" + pages.table(header, rows)


def scaling_part(run):
    rows = []
    for cell, record in by_cell(run, "scaling", 2):
        one = min(figures.times(record, "pybp, 1 thread"))
        values = figures.ratio(record, "pybp, 1 thread")
        rows.append(
            [
                cell.name,
                f"{cell.flop * 1e-6:.3g}",
                seconds(one),
                seconds(min(figures.times(record))),
                ratio(*values),
            ]
        )
    if not rows:
        return ""
    header = ["net, batch", "MFLOP a step", "1 thread", "2 threads", "ratio"]
    return "## Two threads\nf32, Adam; both interleaved.\n\n" + pages.table(header, rows)


def growth_part(run):
    rows = [
        [
            pair,
            f"{best:.3f}",
            f"{middle:.3f}",
            f"{explained:.3f}",
            f"{best / explained:.3f}",
            "yes" if fine else "**no**",
        ]
        for pair, best, middle, explained, fine in growth.cliffs(run["records"])
    ]
    if not rows:
        return ""
    header = [
        "from → to",
        "time per sample, best",
        "median",
        "padding explains",
        "best over that",
        f"≤ {growth.ALLOWED}",
    ]
    text = (
        "Steps of f32 Adam nets with two layers of 128 at batch 128, of which one thing varies.\n\n"
        "![Time per sample against width, batch and depth](benchmarks-growth.png)\n\n"
        "No cliffs: neighbours, interleaved; padding is to the next multiple of 8 columns.\n"
    )
    return "## Growth\n" + text + "\n" + pages.table(header, rows)


def memory_part(run):
    rows = []
    for name, job in memory.jobs():
        found = run["records"].get(memory.key(name, job))
        if found is not None:
            used = found["peak"] - found["before"]
            bound = memory.allowed() if job == "training" else found["x"] / 4
            met = ("yes" if used <= bound else "**no**") if name == "pybp" else ""
            sizes = [found["imported"], found["before"], found["peak"], used]
            rows.append(
                [
                    name,
                    job,
                    *(f"{size / memory.MIB:.0f}" for size in sizes),
                    f"{bound / memory.MIB:.0f}",
                    met,
                ]
            )
    if not rows:
        return ""
    text = (
        f"MiB of resident memory: after the import, with the data, at the peak, and the difference. *training*: "
        f"1024-2048-2048-1024, batch 256, Adam, f32 ({memory.BIG.parameters:,} parameters); bound: parameters x "
        f"{memory.PER_PARAMETER} bytes and the activations and deltas of a batch. *float32*, *float64*: a fit of a small f32 "
        f"net on a C-contiguous X of {memory.LARGE.batch * memory.LARGE_STEPS:,} x {memory.LARGE.sizes[0]} numbers, of which "
        "no copy as a whole may be made; bound: a quarter of X.\n"
    )
    header = ["", "job", "imported", "with data", "peak", "training takes", "bound", "kept"]
    return "## Memory\n" + text + "\n" + pages.table(header, rows)


def core_part(run):
    if not run["core"]:
        return ""
    parts = ["## The core alone", "`pybp_bench`, without Python; best of its rounds."]
    for threads, found in run["core"].items():
        parts.append(core_tables(found, int(threads)))
    return "\n\n".join(parts)


def core_tables(found, threads):
    parts = []
    groups = dict.fromkeys(job["group"] for job in found["jobs"])
    for group in groups:
        jobs = [job for job in found["jobs"] if job["group"] == group]
        unit = jobs[0]["unit"]
        rows = {}
        for job in jobs:
            shown = f"{job['value']:.2f}" + (
                f" ({100 * job['share']:.0f}%)" if "share" in job else ""
            )
            rows.setdefault(job["name"], {})[job["dtype"]] = shown
        of = f", share of {jobs[0]['of']}" if "of" in jobs[0] else ""
        title = f"{group}, {threads} thread{'s' * (threads > 1)}: {unit}{of}"
        table = [
            [name, values.get("f32", ""), values.get("f64", "")] for name, values in rows.items()
        ]
        parts.append(pages.table([title, "f32", "f64"], table))
    return "\n\n".join(parts)


def libxsmm_part(run):
    rows = []
    for cell, bound in targets.LIBXSMM.items():
        record = targets.Book(run).get("training", replace(cell, optimizer="sgd"))
        if record is not None:
            rows.append([cell.name, f"{100 * bound:.0f}%", percent(figures.share(record)[0])])
    if not rows:
        return ""
    text = (
        "The MLP of libxsmm-dnn, compiled for the shapes when it starts, is the fastest known to us. Its figures are quoted, "
        "from a Zen 3 core, **not measured here**: f32, forward, backward and SGD, one thread, as shares of the FMA loop.\n"
    )
    return (
        "## libxsmm-dnn\n"
        + text
        + "\n"
        + pages.table(["net, batch", "libxsmm-dnn (quoted)", "pybp (this run)"], rows)
    )


def contestants_part(run):
    """How each contestant was used, its version, and why it did not take part, if so."""
    said, refused = {}, {}
    for record in run["records"].values():
        for name, words in record.get("contestants", {}).items():
            if words.get("usage"):
                said[name] = words
            if words.get("refused"):
                refused.setdefault(name, {})[words["refused"]] = None
    if not said:
        return ""
    rows = [
        [
            name,
            said.get(name, {}).get("version", ""),
            said.get(name, {}).get("usage", ""),
            "; ".join(refused.get(name, {})),
        ]
        for name in dict.fromkeys([*said, *refused])
    ]
    return "## The contestants\n" + pages.table(
        ["", "version", "how it was used", "where it did not take part"], rows
    )


def pictures(run):
    """Draw what can be drawn; the Markdown that shows the first of it."""
    try:
        import plots
    except ImportError:
        print("no plots: matplotlib is not installed")
        return ""
    plots.draw(run, pages.DOCS)
    return "![Ratios to the fastest rival](benchmarks.png)"


def peak_text(run):
    peaks = {}
    for record in run["records"].values():
        for turn in record.get("turns", ()) if record.get("threads") == 1 else ():
            dtype = record["cell"]["dtype"]
            peaks[dtype] = max(peaks.get(dtype, 0), turn["peak"])
    return (
        ", ".join(f"{peak * 1e-9:.1f} GFLOP/s in {dtype}" for dtype, peak in sorted(peaks.items()))
        or "not measured"
    )


def tables(run, whole=False):
    """The page without its pictures; as a whole, with the targets that were not measured, too."""
    parts = (training_part, inference_part, overhead_part, scaling_part, growth_part, memory_part)
    more = (libxsmm_part, core_part, contestants_part)
    texts = [targets_part(run, whole), *(part(run) for part in (*parts, *more))]
    return "\n\n".join(text for text in texts if text)


def page(run):
    head = [
        "# Benchmarks",
        HOW.format(rounds=run["machine"].get("rounds", "?"), peak=peak_text(run)),
        pictures(run),
        machine_part(run),
        tables(run, whole=True),
    ]
    return "\n\n".join(part for part in head if part) + "\n"


def headline(run):
    """The table in the README: a few cells against their fastest peers."""
    book, rows = targets.Book(run), []
    for cell in HEADLINE:
        record = book.get("training", cell)
        peer = record and figures.fastest(record, targets.PEERS)
        if peer:
            own, theirs = min(figures.times(record)), min(figures.times(record, peer))
            times = f"{theirs / own:.2f}x"
            share = percent(figures.share(record)[0])
            rows.append([cell.name, seconds(own), share, f"{peer}, {seconds(theirs)}", times])
    return pages.table(["net, batch", "pybp", "of peak", "fastest peer", "takes"], rows)


def write(run):
    (pages.DOCS / PAGE).write_text(page(run), encoding="utf-8")
    pages.replace("../README.md", "speed", headline(run))
    print(f"wrote {pages.DOCS / PAGE}, and the table in README.md")
