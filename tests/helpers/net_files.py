"""Files of nets: those that are kept for ever, one set for each format, and files taken apart.

``python tests/helpers/net_files.py <format>`` writes them into tests/io/files, and beside them what
they predict and how they train on, as hashes. That is done once for a format, by the version that
writes it; later versions must read those files as they are.
"""

import hashlib
import json
import struct
import sys
from contextlib import suppress
from pathlib import Path
from zlib import crc32

import numpy as np

import pybp
from pybp import MLP, Dense, layers
from pybp.activations import LeakyReLU
from pybp.callbacks import EMA, EarlyStopping, ReduceLROnPlateau
from pybp.initializers import Constant, Normal, Orthogonal
from pybp.optimizers import SGD, Adam, RMSprop

FILES = Path(__file__).parents[1] / "io" / "files"

# The last column is a category, 0, 1 or 2.
_PLACES = np.arange(40 * 4, dtype=np.float64).reshape(40, 4)
X = (_PLACES * 7919 % 101 - 50) / 32
X[:, 3] = np.arange(40) % 3
Y = np.arange(40) * 5 % 3


def nets():
    """Each net by name, with the optimizer that has trained it for two epochs."""
    inner = [Dense(6), layers.LayerNorm(), layers.Activation("gelu"), layers.GaussianNoise(0.01)]
    every_kind = [
        4,
        layers.Embedding({3: (3, 2)}),
        Dense(6, init=Orthogonal(0.5)),
        layers.BatchNorm(),
        layers.Activation("selu"),
        layers.AlphaDropout(0.1),
        layers.Residual([*inner, layers.Dropout(0.2), layers.RMSNorm(affine=False)]),
        layers.Residual([layers.Scale(bias=True), Dense(5, "relu")], activation="tanh"),
        layers.Residual([5, layers.Residual([5])], projection=True),
        layers.BatchNorm(affine=False),
        Dense(3, "softmax"),
    ]
    every_option = [
        4,
        Dense(5, LeakyReLU(0.03), bias=False, init=Constant(0.2), l1=1e-3, max_norm=2.0),
        Dense(4, "tanh", bias_init=0.25, bias_std=0.5, l2=1e-2, lr_factor=0.5, bias_lr_factor=2.0),
        Dense(4, "elu", init=Normal(0.3), parametrization="ntk"),
        Dense(4, "relu", trainable=False),
        layers.Scale(lr_factor=3.0),
        Dense(3, "softmax"),
    ]
    made = {
        "callbacks": (MLP([4, 8, 3], output="softmax", seed=5), Adam(lr=0.05)),
        "plain": (MLP([4, 8, 3], output="softmax", seed=1), Adam(lr=0.01)),
        "kinds": (MLP(every_kind, seed=11), RMSprop(momentum=0.5, centered=True)),
        "options": (MLP(every_option, dtype="float64", seed=2**64 - 1), Adam(amsgrad=True)),
        "momentum": (MLP([4, 8, 3], output="softmax", seed=2), SGD(lr=0.1, momentum=0.9)),
        "new": (MLP([4, 3], output="softmax", dtype="float64", seed=3), None),
    }
    for name, (net, optimizer) in made.items():
        if optimizer is not None:
            fit(name, net, optimizer, 0)
    return made


def fit(name, net, optimizer, done):
    """Two more epochs after so many; one of the nets has callbacks that remember something."""
    watching = [EMA(0.9), ReduceLROnPlateau("loss", patience=0), EarlyStopping("loss", patience=9)]
    net.fit(
        X,
        Y,
        epochs=done + 2,
        initial_epoch=done,
        batch_size=16,
        optimizer=optimizer or "adam",
        callbacks=watching if name == "callbacks" else [],
        progress=False,
    )


def seen_of(name, net, optimizer):
    """How long a net was trained, and the bits that it predicts and trains on with."""
    seen = {"epochs_done": net.epochs_done, "predicts": _hash(net.predict(X))}
    fit(name, net, optimizer, net.epochs_done)
    return seen | {"predicts after two more epochs": _hash(net.predict(X))}


def _hash(array):
    return hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()


# ---- files taken apart -----------------------------------------------------------------------


def split(raw):
    """Header, document in its metadata, and data of a file."""
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + length])
    return header, json.loads(header["__metadata__"]["pybp"]), raw[8 + length :]


def join(header, document, data, checksums=True):
    """A file of these, with the right checksums: whoever forges a file can compute them, too."""
    if checksums and isinstance(document, dict) and document.get("format") != 1:
        right = {}
        with suppress(AttributeError, TypeError, ValueError, KeyError):
            for name, entry in header.items():
                if name != "__metadata__":
                    begin, end = entry["data_offsets"]
                    right[name] = f"{crc32(data[begin:end]):08x}"
            if isinstance(document.get("crc32"), dict):
                document["crc32"] = right
    if isinstance(header.get("__metadata__"), dict):
        text = json.dumps(document)
        header["__metadata__"]["pybp"] = text
        if checksums and "pybp.crc32" in header["__metadata__"]:
            header["__metadata__"]["pybp.crc32"] = f"{crc32(text.encode()):08x}"
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + data


if __name__ == "__main__":
    number = sys.argv[1]
    expected = {}
    for name, (net, optimizer) in nets().items():
        net.save(FILES / f"format{number}-{name}.safetensors")
        expected[name] = seen_of(name, net, optimizer)
    text = json.dumps(expected, indent=1) + "\n"
    (FILES / f"format{number}.json").write_text(text, encoding="utf-8")
    print(pybp.__version__, len(expected), "files")
