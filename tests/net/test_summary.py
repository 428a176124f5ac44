"""repr, summary and HTML."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

import pybp
from pybp import MLP, BatchNorm, Dense, Dropout, Embedding, Residual, Scale
from pybp.initializers import Constant
from pybp.net.summary import Row, Summary

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
    assert lines[3].split("  ")[0] == "1 Dense"
    assert "784 -> 128" in lines[3]
    assert "100,480" in lines[3]
    assert lines[-1] == "101,770 parameters"
    assert repr(summary) == str(summary)


BLOCKS = MLP(
    [
        *(6, Embedding({0: (5, 2), 3: 12}), Dense(8, bias=False), BatchNorm(momentum=0.2)),
        Residual([Dense(8, "relu"), Residual([Dense(8)], projection=True), Dropout(0.1), Dense(4)]),
        Scale(lr_factor=6.0),
        Dense(1, "sigmoid", trainable=False),
    ],
    seed=0,
)


def test_blocks_are_shown_as_blocks():
    wanted = """
        Embedding 6 -> 12
        1 column 0, 5 categories 1 -> 2 auto 10
        2 column 3, 12 categories 1 -> 6 auto 72
        3 other columns and vectors 12 0
        4 Dense(bias=False) 12 -> 8 identity auto 96
        5 BatchNorm(momentum=0.2) 8 16
        Residual 8 -> 4
        6 Dense 8 relu auto 72
        Residual 8
        7 Dense 8 identity auto 72
        8 projection 8 identity auto 72
        9 sum with the projection 8 0
        10 Dropout(rate=0.1) 8 0
        11 Dense 8 -> 4 identity auto 36
        12 projection 8 -> 4 identity auto 36
        13 sum with the projection 4 0
        14 Scale 4 4 lr_factor=6.0
        15 Dense 4 -> 1 sigmoid auto 5 trainable=False"""
    lines = str(BLOCKS.summary()).splitlines()[3:-2]
    assert [line.split() for line in lines] == [line.split() for line in wanted.splitlines()[1:]]
    numbers = [row.number for row in BLOCKS.summary().rows if row.number is not None]
    assert numbers == list(range(1, len(BLOCKS.layers) + 1))
    assert [row.depth for row in BLOCKS.summary().rows][6:12] == [0, 1, 1, 2, 2, 2]


def test_the_bypass_of_a_residual_without_projection():
    text = str(MLP([4, Residual([4, Dense(4)]), 1], seed=0).summary())
    assert "sum with the input" in text
    assert "projection" not in text


class Checker(HTMLParser):
    """Every tag that opens closes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.cells, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.cells.append(data)


@pytest.mark.parametrize("net", [*NETS, BLOCKS], ids=repr)
def test_html(net):
    checker = Checker(net._repr_html_())
    assert checker.open == []
    assert repr(net) in checker.cells
    rows = net.summary().rows
    assert checker.tags.count("tr") == len(rows) + 1
    for row in rows:
        assert row.name in checker.cells
        assert row.shape.replace("->", "→") in checker.cells


@pytest.mark.parametrize("net", [*NETS, BLOCKS], ids=repr)
def test_the_picture(net):
    picture = net.summary().picture
    root = ElementTree.fromstring(picture)
    texts = [text.text for text in root.iter("text")]
    assert texts[:2] == ["input", str(net.n_in)]
    dense = [layer for layer in net.layers if layer.kind == "dense"]
    assert sorted(text for text in texts if text.startswith("Dense")) == sorted(
        f"Dense {layer.n_out}" for layer in dense
    )
    assert len(list(root.iter("circle"))) == sum(layer.kind == "add" for layer in net.layers)
    width = float(root.get("width"))
    for box in root.iter("rect"):
        assert float(box.get("width")) < width


def test_the_picture_of_a_deep_net_is_shortened():
    net = MLP([4] * 202, seed=0)
    summary = net.summary()
    assert "171 more" in summary.picture
    assert summary.picture.count("Dense 4") == 30
    assert "<details open>" not in summary._repr_html_()


def test_colours_are_those_of_the_page():
    """Nothing is drawn in black or on white, which could not be read on one background or the other."""
    html = BLOCKS._repr_html_()
    assert "currentColor" in html
    assert (
        re.search(
            r"black|#[0-9a-f]{3}|[:\"]white|background-color",
            html.replace("#2e8b57", "").replace("#d9534f", ""),
        )
        is None
    )


def test_html_escapes():
    row = Row(1, 0, "&", "1 -> 2", '"', "'", 3, "<i>")
    summary = Summary("<b>", "<note>", (row,), "</div>")
    checker = Checker(summary._repr_html_())
    assert "<b>" in checker.cells
    assert {"&", '"', "'", "<i>"} < set(checker.cells)
