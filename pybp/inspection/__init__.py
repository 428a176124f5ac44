"""Tools that look inside a net: traces, gradient checks, diagnoses."""

from pybp._common.public import publish
from pybp.inspection.diagnosis import Diagnosis, LayerDiagnosis
from pybp.inspection.findings import Finding
from pybp.inspection.gradient_check import BlockCheck, GradientCheck
from pybp.inspection.layer_trace import LayerTrace
from pybp.inspection.trace import Trace

__all__ = [
    "BlockCheck",
    "Diagnosis",
    "Finding",
    "GradientCheck",
    "LayerDiagnosis",
    "LayerTrace",
    "Trace",
]

publish(globals())
