"""Mutated ONNX models, and what must hold for each: for tests/export and tests/fuzz."""

import random
import tempfile
import time
from pathlib import Path

import numpy as np

import pybp
from pybp.errors import FileFormatError

from file_mutations import mutate_bytes
from layer_nets import NETS

FILES = Path(__file__).parents[1] / "export" / "onnx" / "files"
SECONDS_FOR_ONE = 5

# Numbers of the wire format that ask for much: lengths, dimensions, and counts.
LARGE = [bytes([0xFF] * n + [0x7F]) for n in (1, 3, 4, 8)] + [bytes([0xFF] * 9 + [0x01])]


def models(*folders):
    """The files that are kept, those of other folders, and models of pybp of all kinds of layers."""
    paths = [path for folder in (FILES, *folders) for path in sorted(folder.glob("*"))]
    return [*(path.read_bytes() for path in paths if path.suffix != ".npz"), *own_models()]


def own_models():
    """Models that `to_onnx` writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        for layers in NETS.values():
            pybp.MLP(layers, dtype="float64" if len(repr(layers)) % 2 else "float32").to_onnx(path)
            yield path.read_bytes()


def try_model(raw, path, counts):
    """Read the bytes as a net, and if that works, use it; anything but a refusal is a fault."""
    path.write_bytes(raw)
    counts["tried"] += 1
    begin = time.perf_counter()
    try:
        net = pybp.MLP.from_onnx(path)
    except FileFormatError:
        counts["refused"] += 1
        return
    finally:
        seconds = time.perf_counter() - begin
        if seconds > SECONDS_FOR_ONE:
            raise TimeoutError(f"{len(raw)} bytes took {seconds:.1f} s")
    counts["read"] += 1
    repr(net)
    if net.n_in * sum(layer.n_out for layer in net.layers) < 1 << 22:
        outputs = net.predict(np.zeros((2, net.n_in)))
        assert outputs.shape == (2, net.n_out)
    if counts["read"] % 16 == 0 and net.n_parameters < 1 << 16:  # a write waits for the disk
        net.to_onnx(path)
        again = pybp.MLP.from_onnx(path)
        assert again.n_out == net.n_out


def mutated_models(corpus, seed):
    """Mutated models without end, the same ones for the same seed."""
    rng = random.Random(seed)
    yield from corpus
    while True:
        yield mutate_model(rng.choice(corpus), rng, corpus)


def mutate_model(raw, rng, corpus=()):
    """Change bytes, exchange texts such as names and operators, enlarge numbers, or join two files."""
    what = rng.randrange(5)
    if what == 0 or len(raw) < 8:
        return mutate_bytes(raw, rng)
    raw = bytearray(raw)
    at = rng.randrange(len(raw))
    if what == 1:
        raw[at : at + 1] = rng.choice(LARGE)
    elif what == 2:
        other = rng.choice(corpus or [bytes(raw)])
        begin = rng.randrange(len(other))
        raw[at:at] = other[begin : begin + rng.choice([2, 8, 30, 200])]
    elif what == 3:
        old, new = rng.choice(TEXTS), rng.choice(TEXTS)
        raw = raw.replace(bytes([len(old)]) + old, bytes([len(new)]) + new, rng.choice([1, -1]))
    else:
        length = rng.choice([2, 8, 30, 200])
        raw[at : at + length] = raw[max(0, at - length) : at]
    return bytes(raw)


TEXTS = [
    *(b"Add", b"Mul", b"Sub", b"Div", b"Pow", b"Gemm", b"MatMul", b"Relu", b"Tanh", b"Where"),
    *(b"Gather", b"Concat", b"Cast", b"Reshape", b"Softmax", b"Identity", b"Transpose", b"Shape"),
    *(b"ReduceMean", b"x", b"X", b"label", b"axis", b"transB", b"alpha", b"to", b"value", b"Max"),
    *(b"Cos", b"Sqrt", b"Exp", b"keepdims", b"LayerNormalization", b"layers.0.weights"),
]
