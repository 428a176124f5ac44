"""scikit-learn's estimators, trained by pybp's core: ``pip install scikit-learn``.

`MLPClassifier` and `MLPRegressor` replace those of `sklearn.neural_network`: they have the same
parameters, methods and fitted attributes, and some that scikit-learn doesn't have.
`TabularMLPClassifier` and `TabularMLPRegressor` take tables as they are and need no tuning.
"""

from pybp._common.optional import require as _require
from pybp._common.public import publish as _publish

_require("sklearn", "pybp.sklearn")

from pybp.sklearn.displays import LossCurveDisplay, WeightsDisplay  # noqa: E402  # after the check
from pybp.sklearn.mlp.classifier import MLPClassifier  # noqa: E402
from pybp.sklearn.mlp.regressor import MLPRegressor  # noqa: E402
from pybp.sklearn.mlp.transformer import MLPTransformer  # noqa: E402
from pybp.sklearn.tabular.classifier import TabularMLPClassifier  # noqa: E402
from pybp.sklearn.tabular.regressor import TabularMLPRegressor  # noqa: E402

__all__ = [
    "LossCurveDisplay",
    "MLPClassifier",
    "MLPRegressor",
    "MLPTransformer",
    "TabularMLPClassifier",
    "TabularMLPRegressor",
    "WeightsDisplay",
]

_publish(globals())
