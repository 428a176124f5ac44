"""The scores beside those of a baseline."""

from pybp._common.page import Section, cards, note, table
from pybp._common.svg import number
from pybp.report.scores import Score
from pybp.report.subject import Subject

__all__ = ["summary"]


def summary(subject: Subject) -> Section:
    """What is predicted, how well, and how well a constant would do."""
    scores, facts = subject.scores, subject.facts
    first = scores[0]
    what = f"one of {len(subject.classes)} classes" if subject.classifies else "a number"
    baseline = (
        "always says the fractions of the classes" if subject.classifies else "always says the mean"
    )
    return Section(
        "summary",
        "Summary",
        (
            cards(
                [
                    *((number(score.value), score.name) for score in scores),
                    (f"{len(subject.y):,}", "test rows"),
                ]
            ),
            note(
                f"The model predicts {facts.get('target', 'the target')}, {what}, from "
                f"{len(subject.columns)} columns. {_verdict(first)}"
            ),
            table(
                ["score", "value", "95% interval", "baseline", "better is"],
                [
                    [
                        score.name,
                        number(score.value),
                        f"{number(score.low)} to {number(score.high)}",
                        number(score.baseline),
                        "more" if score.more_is_better else "less",
                    ]
                    for score in scores
                ],
            ),
            note(
                f"The scores are those of the test rows, and count only if the nets that predict a row were not trained on it. "
                f"The baseline {baseline}. Intervals "
                "are computed from samples of the test rows, drawn with replacement: they show how much a score depends on "
                "which rows were tested."
            ),
        ),
    )


def _verdict(score: Score) -> str:
    better = score.low > score.baseline if score.more_is_better else score.high < score.baseline
    worse = score.high < score.baseline if score.more_is_better else score.low > score.baseline
    against = (
        f"{score.name} is {number(score.value)}, where the baseline has {number(score.baseline)}"
    )
    if better:
        return f"Its {against}."
    if worse:
        return f"It is worse than the baseline: {against}."
    return f"These rows don't show whether it is better than the baseline: {against}."
