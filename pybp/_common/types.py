"""Names for the types that pass between the modules."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""Any array of numbers."""

DType = np.dtype[Any]
