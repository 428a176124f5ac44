"""Mutated files of nets, and what must hold for each: for tests/io and tests/fuzz."""

import contextlib
import copy
import random
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import pybp
from pybp.errors import FileFormatError

from net_files import FILES, join, split

SECONDS_FOR_ONE = 5


def corpus(*folders):
    """The files that are kept for ever, and those of other folders."""
    paths = [path for folder in (FILES, *folders) for path in sorted(folder.glob("*"))]
    return [path.read_bytes() for path in paths if path.suffix != ".json"]


@contextmanager
def limited_memory(more=512 << 20):
    """At most so many bytes more than now, those of the core included, where the system sees to it."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError):
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def try_both(raw, path, counts):
    """Load the bytes as they are, and with checksums put right, as whoever forges a file would."""
    for tried in (raw, forge(raw)):
        if tried is not None:
            try_one(tried, path, counts)


def try_one(raw, path, counts):
    """Load the bytes, and if that works, use the net; anything but a refusal is a fault."""
    path.write_bytes(raw)
    counts["tried"] += 1
    begin = time.perf_counter()
    try:
        net = pybp.load(path)
    except FileFormatError:
        counts["refused"] += 1
        return
    finally:
        seconds = time.perf_counter() - begin
        if seconds > SECONDS_FOR_ONE:
            raise TimeoutError(f"{len(raw)} bytes took {seconds:.1f} s")
    counts["loaded"] += 1
    repr(net), net.summary(), net._callbacks.states_now()
    if net.n_in * sum(layer.n_out for layer in net.layers) < 1 << 22:
        outputs = net.predict(np.zeros((2, net.n_in)))
        assert outputs.shape == (2, net.n_out)
    net.save(path)
    again = pybp.load(path)
    assert again.layers == net.layers
    one, other = pickle_of(net), pickle_of(again)
    assert one == other, "what was loaded and saved differs"


def pickle_of(net):
    state = net.__getstate__()
    arrays = [(what, index, values.tobytes()) for what, index, values in state.pop("arrays")]
    return repr(state), arrays


def forge(raw):
    """The same file with right checksums; None if there is nothing to put right."""
    with contextlib.suppress(Exception):
        forged = join(*split(raw))
        return forged if forged != raw else None


# ---- mutations -------------------------------------------------------------------------------

VALUES = [
    *(None, True, False, 0, 1, -1, 2, 3, 1.0, 0.5, -0.0, 1e308, "", "a", "dense", "join", "add"),
    *(2**31, 2**53, 2**62, 2**63, 2**64, 10**30, [], {}, [[]], [0], [-1], [-1, 0], [0, 0], [1, 2]),
    *({"$float": "inf"}, {"$float": "nan"}, "relu", "softmax", "embedding", "layer_norm", "scale"),
]


def mutations(corpus, seed):
    """Mutated files of a corpus, without end; the same ones for the same seed."""
    rng = random.Random(seed)
    yield from corpus
    while True:
        raw = rng.choice(corpus)
        yield (mutate_bytes if rng.random() < 0.3 else mutate_description)(raw, rng)


def mutate_bytes(raw, rng):
    raw = bytearray(raw)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(raw) + 1)
        what = rng.randrange(4)
        if what == 0 and at < len(raw):
            raw[at] ^= 1 << rng.randrange(8)
        elif what == 1:
            del raw[at : at + rng.choice([1, 2, 4, 8, 100])]
        elif what == 2:
            raw[at:at] = rng.randbytes(rng.choice([1, 2, 4, 8]))
        else:
            raw[at : at + 8] = rng.choice([0, 1, 2**31, 2**63, 2**64 - 1]).to_bytes(8, "little")
    return bytes(raw)


def mutate_description(raw, rng):
    """Change values in the header and in the description; the data as much as they then ask for."""
    try:
        header, document, data = split(raw)
    except Exception:
        return mutate_bytes(raw, rng)
    for _ in range(rng.randint(1, 3)):
        change(document if rng.random() < 0.8 else header, rng)
    if rng.random() < 0.2:
        data = data[: rng.randrange(len(data) + 1)] + bytes(rng.choice([0, 4, 64, 4096]))
    try:
        return join(header, document, data)
    except Exception:
        return mutate_bytes(raw, rng)


def change(value, rng):
    """Change something somewhere in a JSON value, in place."""
    at = value
    while True:
        keys = list(at) if isinstance(at, dict) else range(len(at))
        if not keys:
            return
        key = rng.choice(keys)
        if isinstance(at[key], dict | list) and at[key] and rng.random() < 0.85:
            at = at[key]
            continue
        break
    what = rng.randrange(6)
    if what == 0:
        del at[key]
    elif what == 1 and isinstance(at, list):
        at.insert(key, copy.deepcopy(at[rng.randrange(len(at))]))
    elif what == 2 and isinstance(at, dict):
        at[rng.choice([*keys, "x", "n_out", "inputs"])] = copy.deepcopy(at[key])
    elif what == 3 and type(at[key]) is int:
        at[key] += rng.choice([-1, 1, 2, 1000])
    else:
        at[key] = copy.deepcopy(rng.choice(VALUES))
