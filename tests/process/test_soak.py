"""The soak test's verdict, and a few seconds of the test itself."""

import importlib.util
import json

import numpy as np
import pytest

from processes import linux
from project import ROOT

SOAK = ROOT / "benchmarks/soak.py"


@pytest.fixture(scope="module")
def soak():
    spec = importlib.util.spec_from_file_location("soak", SOAK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def memory(growth):
    """Samples of half an hour: noise of 1 MiB, a warm-up of 30 MiB, then growth MiB."""
    seconds = np.linspace(3, 1800, 600)
    warm = 30 * np.minimum(seconds / 300, 1)
    noise = np.random.default_rng(0).normal(size=600)
    return seconds, 50 + warm + noise + growth * seconds / 1800


def test_a_leak_is_seen_and_a_warm_up_is_none(soak):
    assert soak.fit_memory(*memory(0)).flat
    leaking = soak.fit_memory(*memory(8))
    assert not leaking.flat
    assert leaking.growth == pytest.approx(0.8 * 8, abs=0.5)


@linux
def test_a_reference_with_other_bits_is_seen(soak):
    reference = soak.Reference()
    reference.check()
    assert reference.same_bits
    reference.X[0, 0] += 1
    reference.check()
    assert not reference.same_bits


@linux
def test_a_short_run(soak, tmp_path):
    report = tmp_path / "soak.json"
    soak.main(["--minutes", "0.05", "--threads", "3", "--json", str(report)])
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["reference_same_bits"]
    assert sum(found["calls"].values()) > 20
    assert found["samples"][-1][0] == pytest.approx(3, abs=2)


@linux
def test_the_failure_of_a_thread_ends_it(soak, monkeypatch):
    def broken(worker, stop):
        raise AssertionError("a copy has other bits")

    monkeypatch.setattr(soak.Worker, "run", broken)
    with pytest.raises(AssertionError, match="other bits"):
        soak.soak(1, 2, 0, soak.Reference())
