"""Files of every format that pybp has written stay loadable."""

import json

import pytest

import pybp
from pybp.io import netfile

from net_files import FILES, nets, seen_of, split

FORMATS = sorted(int(path.stem.removeprefix("format")) for path in FILES.glob("format*.json"))


@pytest.mark.parametrize("number", FORMATS)
def test_a_net_of_each_file(number, same_state):
    expected = json.loads((FILES / f"format{number}.json").read_text(encoding="utf-8"))
    made = nets()
    for name, seen in expected.items():
        net, optimizer = made[name]
        loaded = pybp.load(FILES / f"format{number}-{name}.safetensors")
        assert loaded.layers == net.layers
        assert same_state(loaded, net)
        assert (loaded.seed, loaded.dtype) == (net.seed, net.dtype)
        assert seen_of(name, loaded, optimizer) == seen


def test_there_are_files_of_each_format():
    assert list(range(1, netfile._FORMAT + 1)) == FORMATS
    for number in FORMATS:
        expected = json.loads((FILES / f"format{number}.json").read_text(encoding="utf-8"))
        assert len(list(FILES.glob(f"format{number}-*"))) == len(expected)


def test_the_files_of_today_are_as_those_of_then(tmp_path):
    """To the byte; another version number aside, which is part of the description."""
    for name, (net, _) in nets().items():
        net.save(tmp_path / "net")
        now = split((tmp_path / "net").read_bytes())
        then = split((FILES / f"format{netfile._FORMAT}-{name}.safetensors").read_bytes())
        for header, document, _ in (now, then):
            del header["__metadata__"], document["library"]
        assert now == then


@pytest.mark.parametrize("number", FORMATS)
def test_saved_again(number, tmp_path, same_state):
    """In the format of today."""
    for path in FILES.glob(f"format{number}-*"):
        net = pybp.load(path)
        net.save(tmp_path / "net")
        assert same_state(pybp.load(tmp_path / "net"), net)
