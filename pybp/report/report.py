"""A report on a fitted predictor, as one page of HTML."""

import pybp
from pybp._common.page import Section, page
from pybp.report.importance import importances
from pybp.report.sections.classes import classes
from pybp.report.sections.data import data, drifts
from pybp.report.sections.model import errors, inside, learning
from pybp.report.sections.numbers import numbers
from pybp.report.sections.provenance import provenance
from pybp.report.sections.summary import summary
from pybp.report.subject import Subject

__all__ = ["report"]


def report(subject: Subject) -> str:
    """The whole page: it needs no other file, no script and no network."""
    sections: list[Section | None] = [
        summary(subject),
        data(subject),
        classes(subject) if subject.classifies else numbers(subject),
        learning(subject),
        inside(subject, importances(subject)),
        errors(subject),
        drifts(subject),
        provenance(subject),
    ]
    target = subject.facts.get("target", "the target")
    return page(
        f"Report on a model of {target}",
        f"{len(subject.y):,} test rows, {len(subject.columns)} columns",
        [section for section in sections if section is not None],
        f"Made by pybp {pybp.__version__}.",
    )
