"""scikit-learn's estimators, trained by pybp's core: ``pip install scikit-learn``.

`MLPClassifier` and `MLPRegressor` take the place of those of `sklearn.neural_network`, with the same
parameters, methods and fitted attributes, and with parameters that scikit-learn's have not.
`TabularMLPClassifier` and `TabularMLPRegressor` take tables as they are and need no tuning.
"""

from pybp._common.optional import require

require("sklearn", "pybp.sklearn")

from pybp.sklearn._classifier import MLPClassifier  # noqa: E402  # after the check
from pybp.sklearn._displays import LossCurveDisplay, WeightsDisplay  # noqa: E402
from pybp.sklearn._regressor import MLPRegressor  # noqa: E402
from pybp.sklearn._tabular import TabularMLPClassifier, TabularMLPRegressor  # noqa: E402
from pybp.sklearn._transformer import MLPTransformer  # noqa: E402

__all__ = [
    "LossCurveDisplay",
    "MLPClassifier",
    "MLPRegressor",
    "MLPTransformer",
    "TabularMLPClassifier",
    "TabularMLPRegressor",
    "WeightsDisplay",
]
