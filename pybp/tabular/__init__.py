"""Nets for tables of numbers and categories, with strong defaults and without scikit-learn.

`TabularPredictor` learns from a table and predicts; `Recipe` says which net it makes and how it is
trained; `Preprocessing` is what it does to its inputs, as data. `pybp.sklearn` has estimators on top of it.
"""

from pybp._common.public import publish as _publish
from pybp.tabular.predictor import TabularPredictor
from pybp.tabular.preprocessing import Encoding, Preprocessing
from pybp.tabular.recipe import CLASSIFICATION, REGRESSION, Recipe
from pybp.tabular.scaling import RobustScaling
from pybp.tabular.targets import ClassTargets, NumberTargets

__all__ = [
    "CLASSIFICATION",
    "REGRESSION",
    "ClassTargets",
    "Encoding",
    "NumberTargets",
    "Preprocessing",
    "Recipe",
    "RobustScaling",
    "TabularPredictor",
]

_publish(globals())
