"""The report: it says what is true, and any reader can read it."""

import re

import numpy as np
import pytest

from pybp._common.svg import Axis, Plot
from pybp.report import card, report
from pybp.report.importance import dependence, importances
from pybp.tabular.plain_columns import PlainColumn
from pybp.tabular.profile import ColumnProfile, drift, profile

from written_pages import checked


@pytest.fixture(scope="session")
def written(any_subject, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "r.html"
    path.write_text(report(any_subject), encoding="utf-8")
    return checked(path)


def test_all_sections_are_there(any_subject, written):
    quality = "Confusion matrix" if any_subject.classifies else None
    for heading in (
        "Summary",
        "Data",
        "Quality of the predictions",
        "Training",
        "The worst errors",
    ):
        assert heading in written.headings
    assert "Drift against training" in written.headings
    assert "Provenance" in written.headings
    assert quality is None or quality in written.headings
    assert len(written.pictures) >= 10


def test_it_says_the_scores(any_subject, written):
    text = " ".join(written.text)
    for score in any_subject.scores:
        assert f"{score.value:.4g}".replace("-", "\N{MINUS SIGN}") in text


def test_names_and_values_are_text(written):
    text = "".join(written.text)
    assert "mood & <b>more</b>" in text
    assert "<b>red</b>" in text
    assert "pybp train 'a b.csv'" in text


def test_two_reports_of_one_model_are_equal_but_for_marks(any_subject):
    def plain(html):
        return re.sub(r"\b[td]\d+\b", "", html)

    assert plain(report(any_subject)) == plain(report(any_subject))


def test_a_column_that_matters_comes_first(any_subject):
    found = importances(any_subject)
    assert found[0].name == "size"
    assert found[0].low > 0
    assert {i.name: i for i in found}["name"].value == 0  # an id is left out


def test_dependence_grows_with_the_column(any_subject):
    if len(getattr(any_subject, "classes", "xxx") if any_subject.classifies else "xx") > 2:
        pytest.skip("the most frequent of three classes need not be the last one")
    found = dependence(any_subject, 0)
    assert len(found.values) == 20
    assert found.means[-1] > found.means[0]


def legend(svg):
    """The places of the names of a plot's marks: x, y and text."""
    found = re.findall(
        r'<rect class="f\d" [^>]*/><text x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)', svg
    )
    return [(float(x), float(y), text) for x, y, text in found]


@pytest.mark.parametrize("corner", ["top right", "bottom right", "bottom left"])
def test_a_legend_stays_in_its_corner(corner):
    plot = Plot("t", Axis(0, 1, "x"), Axis(0, 1, "y"), legend=corner)
    for name in ("short", "a name that is much longer than the picture is wide"):
        plot.line([0, 1], [0, 1], name=name)
    svg = plot.svg()
    places = legend(svg)
    assert [text for _, _, text in places] == ["short", "a name that is much longer th…"]
    frame = [float(y) for y in re.findall(r'class="grid" [^>]*y1="([\d.]+)"', svg)]
    middle = (min(frame) + max(frame)) / 2
    for x, y, _ in places:
        assert min(frame) < y < max(frame)
        assert (y > middle) == corner.startswith("bottom")
        assert (x < 200) == corner.endswith("left")


def test_drift_is_told(drifted_subject, tmp_path):
    (tmp_path / "r.html").write_text(report(drifted_subject), encoding="utf-8")
    text = " ".join(checked(tmp_path / "r.html").text)
    assert "Distributions that have moved far: size" in text


def test_a_model_card_has_front_matter_and_sections(any_subject):
    text = card(any_subject)
    front = text.split("---")[1]
    assert "library_name: pybp" in front
    for line in front.strip().splitlines():  # keys, and items of lists
        assert re.fullmatch(r"\s*(- )?([a-z_-]+:( .+)?|[a-z-]+)", line), line
    for heading in ("## Model description", "## Training procedure", "## Evaluation results"):
        assert heading in text


# ---- drift ---------------------------------------------------------------------------------------


def column(values):
    return PlainColumn("x", np.asarray(values))


def trained(values):
    return ColumnProfile.of(column(values))


def test_drift_of_numbers():
    random = np.random.default_rng(0)
    before = trained(random.standard_normal(20_000))
    assert drift(before, column(random.standard_normal(20_000))) < 0.04
    assert drift(before, column(random.standard_normal(20_000) + 0.5)) == pytest.approx(
        0.197, abs=0.02
    )
    assert drift(before, column(random.standard_normal(100) + 50)) > 0.94
    assert drift(before, column(np.full(100, np.nan))) == pytest.approx(1)


def test_drift_of_numbers_that_repeat():
    before = trained(np.repeat([0.0, 1.0], [900, 100]))
    assert drift(before, column(np.repeat([0.0, 1.0], [90, 10]))) < 0.06
    assert drift(before, column(np.repeat([0.0, 1.0], [10, 90]))) > 0.7


def test_drift_of_categories():
    before = trained(np.array(["a"] * 50 + ["b"] * 50, object))
    assert drift(before, column(np.array(["a", "b"] * 10, object))) == 0
    assert drift(before, column(np.array(["a"] * 10 + [None] * 10, object))) == 0.5
    assert drift(before, column(np.array(["new"] * 10, object))) == 1


def test_profiles_are_stored_as_json():
    values = [
        np.array([1.0, np.nan]),
        np.array(["a", None], object),
        np.array(["2024-01-01"], "M8[us]"),
    ]
    for found in profile([column(v) for v in values]):
        assert ColumnProfile.from_json(found.as_json()) == found
    assert profile([column(values[1])])[0].counts == {"a": 1}
    assert profile([column(values[2])])[0].quantiles[0] == 19_723
    assert profile([column(np.array([np.nan]))])[0].quantiles == []
