"""From a net's layers back to the list of layers that makes them, and what no such list makes."""

from dataclasses import replace

import pytest

import pybp
from pybp import MLP, Dense, Residual, layers
from pybp.errors import ArgumentError
from pybp.layers.entries import list_entries, remake_layers

from net_files import nets


@pytest.mark.parametrize("name", ["plain", "kinds", "options"])
def test_entries_make_the_layers_again(name):
    net = nets()[name][0]
    remake_layers(net.layers)
    assert MLP([net.n_in, *list_entries(net.layers)], seed=0).layers == net.layers


@pytest.mark.parametrize(
    "entries",
    [
        [Residual([Residual([3]), Residual([Residual([3], projection=True)])])],
        [Residual([5, 3], projection=Dense(3, "tanh", bias=False)), 2],
        [Residual([Residual([5])])],
        [Residual([layers.Dropout(0.1)]), layers.LayerNorm(affine=False), layers.RMSNorm()],
    ],
)
def test_residuals_of_all_sorts(entries):
    made = MLP([3, *entries], seed=0).layers
    remake_layers(made)
    assert MLP([3, *list_entries(made)], seed=0).layers == made


BLOCK = MLP([3, Residual([Dense(3), Dense(3)]), 2], seed=0).layers
WRONG = {
    "add of one": (2, {"inputs": (1,)}, "adds 1 outputs"),
    "add of three": (2, {"inputs": (1, -1, 0)}, "adds 3 outputs"),
    "add of the layer before the last": (
        2,
        {"inputs": (0, -1)},
        "does not read the previous layer",
    ),
    "add in another order": (2, {"inputs": (-1, 1)}, "does not read the previous layer"),
    "inputs from elsewhere": (1, {"inputs": (-1,)}, "no list of layers makes"),
    "penalty of an add": (2, {"l2": 0.5}, "no list of layers makes layer 2"),
    "not trained add": (2, {"trainable": False}, "no list of layers makes layer 2"),
    "column of a dense layer": (0, {"column": 1}, "no list of layers makes layer 0"),
    "kind": (0, {"kind": "spline"}, "not a kind of layer"),
    "n_out": (0, {"n_out": 0}, "n_out must be"),
    "huge": (0, {"n_out": 10**30}, "more than memory can hold"),
}


@pytest.mark.parametrize(("place", "changes", "message"), WRONG.values(), ids=WRONG)
def test_what_no_list_makes(place, changes, message):
    changed = [*BLOCK]
    changed[place] = replace(changed[place], **changes)
    with pytest.raises(ArgumentError, match=message):
        remake_layers(changed)


def test_embeddings_out_of_place():
    made = MLP([3, layers.Embedding({0: 2, 2: 3}), 2], seed=0).layers
    remake_layers(made)
    for wrong in (made[:2], made[1::-1] + made[2:], (*made, made[2]), (*made, made[0]), made[1:]):
        with pytest.raises(ArgumentError, match="no list of layers makes"):
            remake_layers(wrong)


@pytest.mark.parametrize("name", [*layers.LayerNorm.__mro__[1].__subclasses__()])
def test_norms_have_no_options_of_dense_layers(name):
    norm = MLP([3, name()], seed=0).layers
    remake_layers(norm)
    with pytest.raises(ArgumentError, match="no list of layers makes"):
        remake_layers([replace(norm[0], l2=0.5)])


def test_residuals_nested_too_deeply():
    block = Dense(2)
    for _ in range(100):
        block = Residual([block])
    net = MLP([2, block], seed=0)
    assert len(net.layers) == 101
    assert repr(net).count("Residual") == 100
    with pytest.raises(ArgumentError, match="nested 101 deep; at most 100"):
        Residual([block])
    assert pybp.MLP([2, Residual([2, block.layers[0]])], seed=0)
