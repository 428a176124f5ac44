"""The textbook in plain NumPy: a twin of everything that pybp registers, and of the training loop.

It is written from the mathematics, in float64, in the words of docs/backpropagation.md (z, a,
delta, dW, db), and never imports pybp.  Where pybp fixes the order of operations to the last bit, the
twin says what the result must be up to rounding; tests compare with a tolerance.
"""

from .activations import ACTIVATIONS
from .initializers import INITIALIZERS
from .layers import LAYERS
from .losses import LOSSES
from .net import Net
from .optimizers import OPTIMIZERS
from .schedules import SCHEDULES

__all__ = ["ACTIVATIONS", "INITIALIZERS", "LAYERS", "LOSSES", "OPTIMIZERS", "SCHEDULES", "Net"]
