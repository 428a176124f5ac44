"""Fuzz the reader of files: whatever the bytes, `load` refuses them or gives a net that works.

    python tests/fuzz/load_files.py --seconds 60             mutations of the corpus, the same for a seed
    python tests/fuzz/load_files.py --seconds 60 --atheris   libFuzzer's, guided by coverage

The corpus is what tests/io/files holds, and tests/fuzz/corpus if there is one: inputs that found a
fault once. An input that finds one now is written into the current folder; the message names it.
"""

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
if "--atheris" in sys.argv:
    import atheris

    with atheris.instrument_imports(include=["pybp.io", "pybp.layers", "pybp.net"]):
        import pybp  # noqa: F401

from file_mutations import (
    SECONDS_FOR_ONE,
    corpus,
    limited_memory,
    mutate_description,
    mutations,
    try_both,
)


def try_input(raw, path, counts):
    """Keep the input if it finds a fault."""
    try:
        try_both(raw, path, counts)
    except (Exception, SystemExit) as error:
        name = f"fault-{hashlib.sha256(raw).hexdigest()[:12]}.bin"
        Path(name).write_bytes(raw)
        raise SystemExit(f"{name}: {error!r:.300}") from error


def fuzz(inputs, path, counts, options):
    """Mutate for so long, with little memory."""
    end = time.monotonic() + options.seconds
    with limited_memory():
        for raw in mutations(inputs, options.seed):
            try_input(raw, path, counts)
            if time.monotonic() > end:
                break
    print(json.dumps(counts))


def fuzz_by_coverage(inputs, path, counts, options):
    """Let libFuzzer choose; `mutate_description` is one of its ways to mutate."""
    folder = path.with_name("corpus")
    folder.mkdir()
    for number, raw in enumerate(inputs):
        (folder / str(number)).write_bytes(raw)

    def mutate(raw, most, seed):
        rng = random.Random(seed)
        if rng.random() < 0.5:
            return atheris.Mutate(raw, most)
        return mutate_description(raw, rng)[:most]

    arguments = [f"-max_total_time={options.seconds:.0f}", f"-seed={options.seed + 1}"]
    arguments += ["-max_len=65536", "-rss_limit_mb=2048", f"-timeout={SECONDS_FOR_ONE}"]
    atheris.Setup(
        [sys.argv[0], *arguments, str(folder)],
        lambda raw: try_input(raw, path, counts),
        custom_mutator=mutate,
    )
    atheris.Fuzz()


def main():
    parser = argparse.ArgumentParser(description="Fuzz the reader of files.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--atheris", action="store_true")
    options = parser.parse_args()
    inputs = corpus(Path(__file__).parent / "corpus")
    with tempfile.TemporaryDirectory() as folder:
        way = fuzz_by_coverage if options.atheris else fuzz
        way(inputs, Path(folder) / "input", Counter(), options)


if __name__ == "__main__":
    main()
