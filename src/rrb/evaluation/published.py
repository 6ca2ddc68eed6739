"""Numbers that papers give for their own data, to be set beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Published:
    """One row: means over the paper's samples, None where it gives none."""

    box_iou: float | None  # of boxes around vertices; the paper does not say in which frame, or if aligned
    azimuth_deg: float | None
    elevation_deg: float | None
    translation_m: float | None


# Table 1 of RRB, chairs of Choy et al. with known masks and camera height. The names are the table's but for
# "Ours"; "Parv et al." optimise a wireframe of keypoints, the paper's reference [30].
PUBLISHED_RRB: Mapping[str, Published] = MappingProxyType(
    {
        "OCC-NET": Published(None, 98.592, 27.235, None),
        "VIEW-NET": Published(None, 61.174, 17.604, None),
        "Parv et al. [30]": Published(0.0847, 8.165, 20.282, 1.820),
        "RRB": Published(0.7795, 10.793, 5.561, 0.634),
    }
)
