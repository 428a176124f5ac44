"""Small real data sets that come with pybp, and a way to split them."""

from ._digits import load_digits
from ._split import train_test_split

__all__ = ["load_digits", "train_test_split"]
