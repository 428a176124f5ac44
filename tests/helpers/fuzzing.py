"""Run a fuzz target: for tests/fuzz."""

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from file_mutations import SECONDS_FOR_ONE, limited_memory


def main(description, *, inputs, mutations, mutate, try_one):
    """Try mutated inputs for so long as the command says.

    ``mutations(inputs, seed)`` yields them, ``mutate(raw, rng)`` makes one, and
    ``try_one(raw, path, counts)`` raises if one finds a fault.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--atheris", action="store_true")
    options = parser.parse_args()
    counts = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"

        def tried(raw):
            keep_if_faulty(raw, lambda: try_one(raw, path, counts))

        if options.atheris:
            fuzz_by_coverage(inputs, path.with_name("corpus"), tried, mutate, options)
        else:
            fuzz(mutations(inputs, options.seed), tried, options.seconds)
            print(json.dumps(counts))


def keep_if_faulty(raw, attempt):
    """Keep the input if it finds a fault."""
    try:
        attempt()
    except (Exception, SystemExit) as error:
        name = f"fault-{hashlib.sha256(raw).hexdigest()[:12]}.bin"
        Path(name).write_bytes(raw)
        raise SystemExit(f"{name}: {error!r:.300}") from error


def fuzz(inputs, tried, seconds):
    """Try inputs for so long, with little memory."""
    end = time.monotonic() + seconds
    with limited_memory():
        for raw in inputs:
            tried(raw)
            if time.monotonic() > end:
                break


def fuzz_by_coverage(inputs, folder, tried, mutate, options):
    """Let libFuzzer choose; `mutate` is one of its ways to mutate."""
    import atheris

    folder.mkdir()
    for number, raw in enumerate(inputs):
        (folder / str(number)).write_bytes(raw)

    def mutated(raw, most, seed):
        rng = random.Random(seed)
        return atheris.Mutate(raw, most) if rng.random() < 0.5 else mutate(raw, rng)[:most]

    arguments = [f"-max_total_time={options.seconds:.0f}", f"-seed={options.seed + 1}"]
    arguments += ["-max_len=65536", "-rss_limit_mb=2048", f"-timeout={SECONDS_FOR_ONE}"]
    atheris.Setup([sys.argv[0], *arguments, str(folder)], tried, custom_mutator=mutated)
    atheris.Fuzz()
