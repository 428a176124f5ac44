"""The arithmetic of the benchmarks and the pages made from them, on a made-up run. Nothing is timed here."""

import dataclasses
import importlib
import json
import re
import sys
from pathlib import Path

import pytest

from project import ROOT

FOLDERS = [str(ROOT / "benchmarks"), str(ROOT / "tools")]


@pytest.fixture(autouse=True)
def found(monkeypatch):
    """The scripts import one another by plain names, so forget them after the test."""
    before = set(sys.modules)
    for folder in FOLDERS:
        monkeypatch.syspath_prepend(folder)
    yield
    for name in set(sys.modules) - before:
        if str(Path(getattr(sys.modules[name], "__file__", None) or "").parent) in FOLDERS:
            del sys.modules[name]


@pytest.fixture
def suite():
    return lambda name: importlib.import_module(name)


def record(contest, rivals, pybp, peak=1e11):
    """A record of as many rounds as pybp has seconds; rivals: name -> seconds."""
    samples = [
        {"round": i, "rival": name, "seconds": values[i], "pybp": own, "peak": peak}
        for i, own in enumerate(pybp)
        for name, values in rivals.items()
    ]
    samples = samples or [
        {"round": i, "rival": None, "pybp": own, "peak": peak} for i, own in enumerate(pybp)
    ]
    said = {"refused": None, "version": "1.0", "usage": "as usual", "steps": 8}
    return {
        "key": contest.key,
        "section": contest.section,
        "cell": contest.cell.as_dict(),
        "threads": contest.threads,
        "contestants": dict.fromkeys(["pybp", *rivals], said),
        "samples": samples,
    }


@pytest.fixture
def run(suite):
    """A run of a few cells, through JSON as if stored."""
    grid, growth, memory = suite("grid"), suite("growth"), suite("memory")
    records = {}

    def keep(contest, rivals, pybp):
        records[contest.key] = record(contest, rivals, pybp)

    keep(
        grid.Contest("training", grid.BY_NAME["2-8-2 B4"], 1),
        {"JAX": [20e-6, 22e-6], "PyTorch": [1e-4, 2e-4]},
        [1e-6, 2e-6],
    )
    square = dataclasses.replace(grid.BY_NAME["256x4 B128"], optimizer="sgd")
    keep(grid.Contest("training", square, 1), {}, [square.flop / 0.91e11, square.flop / 0.8e11])
    keep(grid.Contest("training", grid.MNIST, 1), {"Keras": [1e-3]}, [1e-3])
    keep(grid.Contest("scaling", grid.MNIST, 2), {"pybp, 1 thread": [1.9e-3]}, [1e-3])
    keep(grid.Contest("overhead", grid.BY_NAME["2-8-2 B4"], 1), {grid.CORE: [1.0e-6]}, [1.2e-6])
    keep(grid.Contest("overhead", grid.MNIST, 1), {grid.CORE: [1.0e-3]}, [1.02e-3])
    row = dataclasses.replace(grid.FLAT, work=grid.PREDICT, batch=1)
    keep(grid.Contest("inference", row, 1), {"pybp out=": [1.0e-6], grid.CORE: [0.8e-6]}, [1.9e-6])
    small, large = growth.varied("width", 16), growth.varied("width", 17)
    keep(grid.Contest("cliffs", large, 1, (), small), {"pybp, 1 thread": [1e-5]}, [1.2e-5])
    for threads in (1, 2):
        keep(grid.Contest("growth by width", growth.varied("width", 8), threads), {}, [1e-5])
    taken = {"imported": 50, "before": 100, "peak": 100 + memory.allowed() + 1, "x": 400}
    records[memory.key("pybp", "training")] = taken
    job = {
        "group": "element",
        "dtype": "f32",
        "name": "function exp",
        "value": 1.5,
        "unit": "cycles/el",
    }
    jobs = [{**job, "seconds_best": 1e-6, "seconds_median": 1e-6}]
    step = {"group": "step", "dtype": "f32", "name": "256x4, batch 128, sgd", "unit": "GFLOP/s"}
    times = {"seconds_best": square.flop / 0.91e11, "seconds_median": square.flop / 0.8e11}
    jobs.append({**step, "value": 91.0, **times})
    core = {"1": {"peak_flops": {"f32": 1e11}, "jobs": jobs}}
    return json.loads(json.dumps({"machine": {"rounds": 2}, "core": core, "records": records}))


def test_flops_are_those_of_the_unpadded_products(suite):
    grid = suite("grid")
    assert grid.Cell((3, 5, 7), 2).flop == 2 * (4 * 3 * 5 + 6 * 5 * 7)
    assert grid.Cell((3, 5, 7), 2, work=grid.PREDICT).flop == 2 * 2 * (3 * 5 + 5 * 7)
    assert grid.Cell((3, 5, 7), 2).parameters == 4 * 5 + 6 * 7


def test_padding_explains_what_it_adds(suite):
    growth = suite("growth")
    explained = {
        (what, small, large): growth.padded_flop(growth.varied(what, large))
        / growth.padded_flop(growth.varied(what, small))
        for what, small, large in growth.NEIGHBOURS
    }
    assert explained["width", 45, 46] == pytest.approx(46 / 45)  # both have 48 columns
    assert explained["width", 16, 17] == pytest.approx(17 / 16 * 24 / 16)
    assert explained["batch", 255, 257] == pytest.approx(257 / 255)


def test_each_contest_has_a_key_of_its_own_and_is_what_pybp_bench_calls_it(suite):
    main, interleave = suite("run"), suite("interleave")
    contests = list(main.contests(main.arguments([])))
    assert len({contest.key for contest in contests}) == len(contests)
    rows = (ROOT / "csrc/bench/cells.def").read_text(encoding="utf-8")
    for contest in contests:
        if ("pybp_bench", 1) in contest.rivals:
            kind, dtype, name = interleave.core_job(contest.cell).split(" ", 2)
            assert kind in ("step", "predict")
            assert dtype == "f32"
            assert f'BENCH_CELL("{name.partition(",")[0]}"' in rows


def test_each_row_of_the_cells_is_read(suite):
    rows = (ROOT / "csrc/bench/cells.def").read_text(encoding="utf-8")
    assert re.findall(r'^BENCH_CELL\("([^"]+)"', rows, re.MULTILINE) == [
        cell.net for cell in suite("grid").CELLS
    ]


def test_cells_survive_json(suite):
    grid = suite("grid")
    for cell in grid.CELLS:
        assert grid.Cell.from_dict(json.loads(json.dumps(cell.as_dict()))) == cell


def test_a_ratio_is_of_the_best_and_a_median_of_neighbours(suite, run):
    ratios, grid = suite("ratios"), suite("grid")
    tiny = run["records"][grid.Contest("training", grid.BY_NAME["2-8-2 B4"], 1).key]
    assert ratios.fastest(tiny) == "JAX"
    assert ratios.ratio(tiny, "JAX") == (pytest.approx(20), pytest.approx((20 + 11) / 2))
    assert ratios.ratio(tiny, "PyTorch") == (pytest.approx(100), pytest.approx(100))
    assert ratios.peak_fraction(tiny)[0] == pytest.approx(
        grid.BY_NAME["2-8-2 B4"].flop / 1e-6 / 1e11
    )
    assert ratios.spread([1.0, 1.0, 1.0]) == 0


def test_targets_are_judged_by_the_best(suite, run):
    targets = suite("targets_table")
    for measure, what, bound, met in [
        ("against the fastest peer", "2-8-2 B4", "≥ 20x", "yes"),
        ("against the fastest peer", "784-128-10 B128", "≥ 2.2x", "**no**"),
        ("fraction of peak, from C", "256x4 B128, f32, sgd", "≥ 90%", "yes"),
        ("fraction of peak, from C", "256x4 B128", "≥ 88%", "not measured"),
        ("two threads against one", "784-128-10 B128", "≥ 1.8x", "yes"),
        ("`fit` over the C step", "2-8-2 B4", "≤ 0.3 µs", "yes"),  # 0.2 µs
        ("`fit` over the C step, relative", "784-128-10 B128", "≤ 1%", "**no**"),  # 2%
        ("time of a prediction", "64x4 1 row, pybp", "≤ 1.7 µs", "**no**"),
        ("time of a prediction", "64x4 1 row, pybp out=", "≤ 1.3 µs", "yes"),
        ("cycles per element", "exp", "≤ 1.6 cycles", "yes"),
        ("cycles per element", "log", "≤ 2 cycles", "not measured"),
    ]:
        cells = targets.filled(run, measure, what, bound)
        assert cells[4] == met, cells
    fit = "`fit` over the C step, relative", "784-128-10 B128", "≤ 1%"
    assert targets.filled(run, *fit)[2] == "2.0%"


def test_the_targets_of_the_page_are_those_of_the_stored_run(suite):
    targets = suite("targets_table")
    run = json.loads(targets.RESULTS.read_text(encoding="utf-8"))
    page = targets.PAGE.read_text(encoding="utf-8")
    assert targets.fill(run, page) == page
    assert page.count("| yes |") > 10
    assert "not measured" not in page.partition("## Targets")[2].replace(
        "**not measured here**", ""
    )


def test_the_page_has_every_part(suite, run):
    text = suite("benchmarks_page").tables(run)
    for part in (
        "Training",
        "Inference",
        "The cost of Python",
        "Two threads",
        "Growth",
        "Memory",
        "The core alone",
    ):
        assert f"## {part}" in text
    assert "**no**" in text
    assert "20.00 (15.50)" in text
    assert "| width 16 → 17 | 1.200 | 1.200 | 1.594 | 0.753 | yes |" in text
    assert all(line.count("|") > 2 for line in text.splitlines() if line.startswith("|"))


def test_plots_are_drawn(suite, run, tmp_path):
    pytest.importorskip("matplotlib", reason="the plots need matplotlib: pip install '.[bench]'")
    suite("benchmarks_plots").draw(run, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "benchmarks-growth.png",
        "benchmarks.png",
    ]


def test_results_are_kept_record_by_record(suite, tmp_path):
    results = suite("results")
    path = tmp_path / "some" / "run.json"
    first = results.Results(path, keep=False)
    first.add("a", {"samples": [{"seconds": 1.23456789e-6}]})
    assert results.Results(path, keep=True).records == {"a": {"samples": [{"seconds": 1.2346e-6}]}}
    assert results.Results(path, keep=False).records == {}


def test_peers_that_are_missing_say_so(suite, monkeypatch):
    peers = suite("peers")
    monkeypatch.setitem(peers.CONTESTANTS, "absent", "peers.absent:Absent")
    with pytest.raises(ImportError):
        peers.find("absent")


def test_pybp_takes_part(suite):
    """The one peer that is always there does a small cell of each kind, as a contestant's process would."""
    peers, data, grid = suite("peers"), suite("peers.data"), suite("grid")
    peer = peers.find("pybp")(1)
    for cell in (
        grid.Cell((3, 4, 2), 5),
        grid.Cell((3, 4, 2), 5, dtype="f64", optimizer="sgd", loss="mse"),
    ):
        peer.train(cell, data.make(cell, 3))()
    row = grid.Cell((3, 4, 2), 1, work=grid.PREDICT)
    assert peer.predict(row, data.inputs(row, 1))().shape == (2,)
    assert peers.find("pybp out=")(1).refuses(grid.BY_NAME["2-8-2 B4"]) is not None
