"""Fuzz the reader of files: whatever the bytes, `load` refuses them or gives a net that works.

    python tests/fuzz/load_files.py --seconds 60             mutations of the corpus, the same for a seed
    python tests/fuzz/load_files.py --seconds 60 --atheris   libFuzzer's, guided by coverage

The corpus is what tests/io/files holds, and tests/fuzz/corpus if there is one: inputs that found a
fault once. An input that finds one now is written into the current folder; the message names it.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
if "--atheris" in sys.argv:
    import atheris

    with atheris.instrument_imports(include=["pybp.io", "pybp.layers", "pybp.net"]):
        import pybp  # noqa: F401

from file_mutations import corpus, mutate_description, mutations, try_both
from fuzzing import main

if __name__ == "__main__":
    main(
        "Fuzz the reader of files.",
        inputs=corpus(Path(__file__).parent / "corpus"),
        mutations=mutations,
        mutate=mutate_description,
        try_one=try_both,
    )
