"""Small real data sets that are part of pybp, and a function to split them."""

from pybp._common.public import publish

from ._digits import load_digits
from ._split import train_test_split

__all__ = ["load_digits", "train_test_split"]

publish(globals())
