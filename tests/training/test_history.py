"""The history of a fit as text, HTML and frame."""

import math
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from pybp._common.curves import curves
from pybp.training.history import History


@pytest.fixture
def history():
    made = History()
    for epoch in range(1, 31):
        made.append(epoch, {"loss": 1 / epoch, "accuracy": 0.5, "val_loss": 2 / epoch})
    return made


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html(history):
    html = history._repr_html_()
    tags = Tags(html)
    assert tags.open == []
    assert tags.found.count("svg") == 2  # loss and accuracy
    assert tags.found.count("polyline") == 3  # loss of training and validation, accuracy
    assert tags.found.count("tr") == 1 + 20 + 1  # of many epochs the first and the last
    assert "of 30 epochs" in html
    assert "<td>30</td>" in html
    assert "<td>15</td>" not in html


def test_html_of_few_epochs():
    history = History(message="done <here>")
    assert "of 0 epochs" in history._repr_html_()
    history.append(1, {"loss": 0.5, "lr": math.nan})
    html = history._repr_html_()
    assert "of 1 epochs, done &lt;here&gt;" in html
    assert Tags(html).found.count("circle") == 1


def test_curves_leave_out_what_is_not_finite():
    svg = ElementTree.fromstring(
        curves(
            "<loss>", [1, 2, 3], {"training": [1.0, math.nan, 3.0], "validation": [math.inf] * 3}
        )
    )
    first, second = svg.iter("polyline")
    assert len(first.get("points").split()) == 2
    assert second.get("points") == ""
    texts = [text.text for text in svg.iter("text")]
    assert texts == ["<loss>", "3", "1", "1", "3", "training", "validation"]


def test_curves_stay_in_their_frame():
    svg = ElementTree.fromstring(curves("loss", [3, 4, 9], {"training": [1e300, -1e300, 0.0]}))
    (frame,) = svg.iter("rect")
    left, top = float(frame.get("x")), float(frame.get("y"))
    right, bottom = left + float(frame.get("width")), top + float(frame.get("height"))
    for point in next(svg.iter("polyline")).get("points").split():
        x, y = map(float, point.split(","))
        assert left <= x <= right
        assert top <= y <= bottom


def test_frame(history):
    pytest.importorskip("pandas")
    frame = history.to_frame()
    assert frame.index.tolist() == history.epochs
    assert frame["val_loss"].tolist() == history.history["val_loss"]
