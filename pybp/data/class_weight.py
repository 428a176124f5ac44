"""Weights of classes given by label."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pybp._common.arguments import real
from pybp._common.types import Array
from pybp._common.warn import warn

__all__ = ["class_factors"]


def class_factors(class_weight: Mapping[Any, float], classes: Array) -> Array:
    """The weight of each class, 1 for those left out.

    Labels that are not among the classes are ignored, as a fold may lack them. If classes are left out
    as well, a warning says so, as a label may be misspelt.
    """
    labels = classes.tolist()
    unknown = [label for label in class_weight if label not in labels]
    left_out = [label for label in labels if label not in class_weight]
    if unknown and left_out:
        warn(
            f"class_weight names {unknown[0]!r}, which is none of the classes {labels[:20]}; "
            f"the weight of {left_out[0]!r} is 1"
        )
    factors = [
        real(class_weight.get(label, 1.0), f"class_weight[{label!r}]", low=0.0) for label in labels
    ]
    return np.array(factors, np.float64)
