"""repr, summary and HTML."""

from html.parser import HTMLParser

import pytest

import pybp
from pybp import MLP, Dense
from pybp.initializers import Constant

NETS = [
    MLP([784, 128, 10], output="softmax", seed=0),
    MLP([2, 3, 3, 1], activation="tanh", init="he_normal", dtype="float64", seed=5),
    MLP([2, 1], seed=1),
    MLP([2, 3, 1], init=Constant(0.5), seed=1),
    MLP([2, Dense(3, "relu", init=Constant(0.5)), Dense(2, "tanh", bias=False), 1], seed=2),
    MLP([2, Dense(3, bias_init=0.1), Dense(1, "sigmoid")], seed=3),
    MLP([2, 3, 1], activation=pybp.activations.ELU(0.5), output="relu6", seed=4),
    MLP([2, Dense(3, pybp.activations.LeakyReLU(0.2), bias=False), 1], seed=5),
]


@pytest.mark.parametrize("net", NETS, ids=repr)
def test_repr_makes_the_same_net(net, same_state):
    again = eval(repr(net), vars(pybp) | vars(pybp.initializers) | vars(pybp.activations))
    assert same_state(again, net)
    assert again.layers == net.layers
    assert repr(again) == repr(net)


def test_repr_is_short():
    assert repr(NETS[0]) == (
        "MLP([784, 128, 10], activation='relu', output='softmax', dtype='float32', seed=0)"
    )


def test_summary():
    summary = NETS[0].summary()
    lines = str(summary).splitlines()
    assert lines[0] == repr(NETS[0])
    assert lines[2].split() == ["layer", "shape", "activation", "init", "parameters"]
    assert lines[3].split("  ")[0] == "1 dense"
    assert "784 -> 128" in lines[3]
    assert "100,480" in lines[3]
    assert lines[-1] == "101,770 parameters"
    assert repr(summary) == str(summary)


class Checker(HTMLParser):
    """Asserts that every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.cells = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.cells.append(data)


@pytest.mark.parametrize("net", NETS, ids=repr)
def test_html(net):
    checker = Checker(net._repr_html_())
    assert checker.open == []
    assert repr(net) in checker.cells
    assert f"{net.n_in} -> {net.layers[0].n_out}" in checker.cells
    assert "->" not in net._repr_html_()  # escaped


def test_html_escapes():
    summary = pybp.net.summary.Summary("<b>", (("&", "1 -> 2", '"', "'", "<i>"),), "</div>")
    assert "<b>" in Checker(summary._repr_html_()).cells
