"""Nets for tables of numbers and categories, with strong defaults and without scikit-learn.

`TabularPredictor` learns from a table and predicts; a `Recipe` has the settings of the net and its
training; `Preprocessing` turns tables into inputs, and can be stored. `pybp.sklearn` has estimators on top of it.
"""

from pybp._common.public import publish as _publish
from pybp.tabular.inputs import InputLayout
from pybp.tabular.predictor import TabularPredictor
from pybp.tabular.preprocessing import Preprocessing
from pybp.tabular.recipe import CLASSIFICATION, REGRESSION, Recipe
from pybp.tabular.scaling import RobustScaling
from pybp.tabular.targets import ClassTargets, NumberTargets

__all__ = [
    "CLASSIFICATION",
    "REGRESSION",
    "ClassTargets",
    "InputLayout",
    "NumberTargets",
    "Preprocessing",
    "Recipe",
    "RobustScaling",
    "TabularPredictor",
]

_publish(globals())
