"""Reports on fitted predictors, as pages of HTML that need nothing else."""

from pybp._common.public import publish as _publish
from pybp.report.card import card
from pybp.report.report import report
from pybp.report.subject import Subject

__all__ = ["Subject", "card", "report"]

_publish(globals())
