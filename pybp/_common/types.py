"""Names of types that several modules use."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""Any array of numbers."""

DType = np.dtype[Any]
