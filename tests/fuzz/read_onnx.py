"""Fuzz the reader of ONNX models: whatever the bytes, `from_onnx` refuses them or gives a net that works.

    python tests/fuzz/read_onnx.py --seconds 60             mutations of the corpus, the same for a seed
    python tests/fuzz/read_onnx.py --seconds 60 --atheris   libFuzzer's, guided by coverage

The corpus is what tests/export/onnx/files holds, models of pybp of all kinds of layers, and
tests/fuzz/corpus-onnx if there is one: inputs that found a fault once. An input that finds one now is written into the current folder; the message names it.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
if "--atheris" in sys.argv:
    import atheris

    with atheris.instrument_imports(include=["pybp.export", "pybp.layers", "pybp.net"]):
        import pybp  # noqa: F401

from fuzzing import main
from onnx_files import models, mutate_model, mutated_models, try_model

if __name__ == "__main__":
    main(
        "Fuzz the reader of ONNX models.",
        inputs=models(Path(__file__).parent / "corpus-onnx"),
        mutations=mutated_models,
        mutate=mutate_model,
        try_one=try_model,
    )
