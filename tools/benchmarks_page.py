"""Make docs/benchmarks.md, tables and plots, from the JSON of a run. benchmarks/run.py calls this."""

from statistics import median

import growth
import memory
import pages
import ratios
from grid import (
    BIG,
    BY_NAME,
    CORE,
    DTYPES_AND_OPTIMIZERS,
    MNIST,
    QUICK,
    RUNTIMES,
    TRAINING_PEERS,
    Cell,
    Contest,
    threads_text,
)

PAGE = pages.DOCS / "benchmarks.md"
HEADLINE = (*QUICK[:2], MNIST, BY_NAME["256x4 B128"], BIG)
TRAINING = """\
Minibatches are shuffled again in every epoch. Each rival: its best time, then the ratio. *Ratio at peak*: the ratio that a
program at the peak would reach against the fastest rival, an upper bound for any program."""
HOW = """\
`python benchmarks/run.py` measures everything and writes this page; [developing.md](developing.md#benchmark) lists its
options. [performance.md](performance.md) says what bounds pybp's speed and which targets it meets.

Every comparison is interleaved: rival, pybp, FMA loop, next rival, pybp, FMA loop, and so on for {rounds} rounds (at least 3,
if they are long), in samples of 50 ms or an epoch. Every contestant is a process of its own that lives through all rounds,
has the same data, is bound to as many CPUs as it has threads, and has compiled and warmed up before. A **ratio** is the
rival's best time over pybp's best; in parentheses stands the median of the ratios of neighbouring samples. **Fraction of
peak** is the FLOP of the unpadded net (4·B·K·N for the first layer's step, 6·B·K·N for the others', 2·B·K·N for inference) over
pybp's best time, divided by the best rate of a loop of nothing but fused multiply-adds on as many threads, here {peak} on one.
Times are the best; ± is half the interquartile range of pybp's samples, in percent of their median."""


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
    """(cell, record) of the contests of a section, in the order of the run."""
    found = [record for record in of_section(run, section) if record["threads"] == threads]
    return [(Cell.from_dict(record["cell"]), record) for record in found]


def fma_text(run):
    """What a core multiplies and adds, so that figures of different CPUs are not taken for each other."""
    core = run["core"].get("1", {})
    rates, clock = core.get("peak_flops", {}), core.get("clock_hz")
    texts = []
    for dtype, bits in (("f32", 32), ("f64", 64)):
        if dtype in rates:
            width = f", {rates[dtype] / 2 / clock * bits:.0f} bits per cycle" if clock else ""
            texts.append(f"{rates[dtype] * 1e-9:.1f} GFLOP/s in {dtype}{width}")
    return "; ".join(texts) or "not measured"


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
    rows.append(["FMA loop, one core", fma_text(run)])
    return "## The machine\n" + pages.table(["", ""], rows)


def rival_cell(record, name):
    if name not in record["contestants"]:
        return ""
    if name not in ratios.rivals(record):
        return "-"
    best, middle = ratios.ratio(record, name)
    return f"{seconds(min(ratios.times(record, name)))}: {ratio(best, middle)}"


def limit(record):
    """The ratio that a program at the peak would reach against the fastest rival."""
    name = ratios.fastest(record, TRAINING_PEERS)
    fraction = name and ratios.rival_peak_fraction(record, name)
    return f"{1 / fraction:.2f}" if fraction else ""


def training_table(found, names):
    header = ["net, batch", "pybp", "±", "of peak", *names, "fastest rival", "ratio at peak"]
    rows = []
    for cell, record in found:
        own, fraction = ratios.times(record), ratios.peak_fraction(record)[0]
        row = [cell.name, seconds(min(own)), f"{50 * ratios.spread(own):.0f}%", percent(fraction)]
        fastest = ratios.fastest(record, TRAINING_PEERS) or ""
        rows.append([*row, *(rival_cell(record, name) for name in names), fastest, limit(record)])
    return pages.table(header, rows)


def percent(fraction):
    return "" if fraction is None else f"{100 * fraction:.1f}%"


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
                present = {name for _, record in found for name in ratios.rivals(record)}
                names = [name for name in TRAINING_PEERS if name in present]
                parts.append(f"### {dtype}, {optimizer}, {threads_text(threads)}")
                parts.append(training_table(found, names))
    return "\n\n".join(parts) if len(parts) > 2 else ""


def inference_part(run):
    names = ["pybp out=", CORE, *RUNTIMES, "PyTorch", "JAX", "scikit-learn", "FANN"]
    parts = []
    for threads in (1, 2):
        rows = []
        for cell, record in by_cell(run, "inference", threads):
            own, fraction = ratios.times(record), ratios.peak_fraction(record)[0]
            row = [cell.name, str(threads), seconds(min(own)), percent(fraction)]
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
        core, own = min(ratios.times(record, CORE)), min(ratios.times(record))
        steps = str(record["contestants"]["pybp"]["steps"])
        middle = median(ratios.times(record)) - median(ratios.times(record, CORE))
        extra = f"{1e6 * (own - core):+.2f} µs ({100 * (own / core - 1):+.1f}%)"
        rows.append(
            [cell.name, steps, seconds(core), seconds(own), extra, f"{1e6 * middle:+.2f} µs"]
        )
    if not rows:
        return ""
    header = ["net, batch", "steps per epoch", "step from C", "step of `fit`", "overhead", "median"]
    return "## The cost of Python\n" + pages.table(header, rows)


def scaling_part(run):
    rows = []
    for cell, record in by_cell(run, "scaling", 2):
        one = min(ratios.times(record, "pybp, 1 thread"))
        values = ratios.ratio(record, "pybp, 1 thread")
        rows.append(
            [
                cell.name,
                f"{cell.flop * 1e-6:.3g}",
                seconds(one),
                seconds(min(ratios.times(record))),
                ratio(*values),
            ]
        )
    if not rows:
        return ""
    header = ["net, batch", "MFLOP per step", "1 thread", "2 threads", "ratio"]
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
        "Steps with Adam in f32 of nets with two layers of 128 at batch 128, of which one quantity varies.\n\n"
        "![Time per sample against width, batch and depth](benchmarks-growth.png)\n\n"
        "Neighbouring sizes, interleaved. Columns are padded to the next multiple of 8, which explains some of the growth.\n"
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
        f"MiB of resident memory: after the import, with the data, at the peak, and the difference of the last two. "
        f"*training*: {BIG.net}, batch {BIG.batch}, Adam, f32 ({BIG.parameters:,} parameters); bound: {memory.PER_PARAMETER} bytes "
        f"per parameter, and the activations and deltas of a batch. *float32*, *float64*: a fit of a small f32 net on a "
        f"C-contiguous X of {memory.LARGE.batch * memory.LARGE_STEPS:,} x {memory.LARGE.sizes[0]} numbers, which must not be copied "
        "as a whole; bound: a quarter of X.\n"
    )
    header = ["", "job", "imported", "with data", "peak", "difference", "bound", "kept"]
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
            fraction = f" ({100 * job['fraction']:.0f}%)" if "fraction" in job else ""
            rows.setdefault(job["name"], {})[job["dtype"]] = f"{job['value']:.2f}{fraction}"
        of = f", fraction of {jobs[0]['of']}" if "of" in jobs[0] else ""
        title = f"{group}, {threads_text(threads)}: {unit}{of}"
        table = [
            [name, values.get("f32", ""), values.get("f64", "")] for name, values in rows.items()
        ]
        parts.append(pages.table([title, "f32", "f64"], table))
    return "\n\n".join(parts)


def contestants_part(run):
    """The version of each contestant, how it was used, and which cells it could not do."""
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
    """Draw the plots, if matplotlib is installed; the Markdown that shows the first."""
    try:
        import benchmarks_plots
    except ImportError:
        print("no plots: matplotlib is not installed")
        return ""
    benchmarks_plots.draw(run, pages.DOCS)
    return "![Ratios to the fastest rival](benchmarks.png)"


def peak_text(run):
    peaks = {}
    for record in run["records"].values():
        if record.get("threads") == 1:
            dtype = record["cell"]["dtype"]
            peaks[dtype] = max(peaks.get(dtype, 0), ratios.best_peak(record))
    return (
        ", ".join(f"{peak * 1e-9:.1f} GFLOP/s in {dtype}" for dtype, peak in sorted(peaks.items()))
        or "not measured"
    )


def tables(run):
    """The tables of the page, without its introduction and pictures."""
    parts = (training_part, inference_part, overhead_part, scaling_part, growth_part, memory_part)
    texts = [part(run) for part in (*parts, core_part, contestants_part)]
    return "\n\n".join(text for text in texts if text)


def page(run):
    head = [
        "# Benchmarks",
        HOW.format(rounds=run["machine"].get("rounds", "?"), peak=peak_text(run)),
        pictures(run),
        machine_part(run),
        tables(run),
    ]
    return "\n\n".join(part for part in head if part) + "\n"


def headline(run):
    """The table in the README, with the CPU's name: a few cells against their fastest peers."""
    rows = []
    for cell in HEADLINE:
        record = run["records"].get(Contest("training", cell, 1).key)
        peer = record and ratios.fastest(record, TRAINING_PEERS)
        if peer:
            own, theirs = min(ratios.times(record)), min(ratios.times(record, peer))
            fraction = percent(ratios.peak_fraction(record)[0])
            fastest = f"{peer}, {seconds(theirs)}"
            rows.append([cell.name, seconds(own), fraction, fastest, f"{theirs / own:.2f}x"])
    machine = run["machine"]
    cpu = f"{machine.get('cpu', 'unknown CPU')} ({machine.get('cpu_family', 'unknown family')})"
    table = pages.table(["net, batch", "pybp", "of peak", "fastest peer", "takes"], rows)
    return f"Measured on: {cpu}; its FMA loop: {fma_text(run)}.\n\n{table}"


def write(run):
    PAGE.write_text(page(run), encoding="utf-8")
    pages.replace(pages.ROOT / "README.md", "speed", headline(run))
    print(f"wrote {PAGE}, and the table in README.md")
