"""Laws hold for NumPy arrays and for torch tensors: `like` makes either from numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch


@pytest.fixture(params=["numpy", "torch"])
def like(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    if request.param == "numpy":
        return lambda numbers: np.array(numbers, dtype=np.float64)
    return lambda numbers: torch.tensor(np.array(numbers), dtype=torch.float64)
