"""Files of every format that pybp has written stay loadable."""

import json

import pytest

import pybp

from net_files import FILES, nets, seen_of

FORMATS = sorted(int(path.stem.removeprefix("format")) for path in FILES.glob("format*.json"))


@pytest.mark.parametrize("number", FORMATS)
def test_a_net_of_each_file(number, same_state):
    expected = json.loads((FILES / f"format{number}.json").read_text(encoding="utf-8"))
    made = nets()
    assert made.keys() == expected.keys()
    for name, (net, optimizer) in made.items():
        loaded = pybp.load(FILES / f"format{number}-{name}.safetensors")
        assert loaded.layers == net.layers
        assert same_state(loaded, net)
        assert (loaded.seed, loaded.dtype) == (net.seed, net.dtype)
        assert seen_of(loaded, optimizer) == expected[name]


@pytest.mark.parametrize("number", FORMATS)
def test_saved_again(number, tmp_path, same_state):
    """In the format of today."""
    for name in nets():
        net = pybp.load(FILES / f"format{number}-{name}.safetensors")
        net.save(tmp_path / "net")
        assert same_state(pybp.load(tmp_path / "net"), net)
