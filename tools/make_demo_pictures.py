"""Bundle pictures for `rrb demo`: python tools/make_demo_pictures.py DATA_SET:KEY [...]

Each is a sample of `rrb data make` (photoreal, no photographs behind), kept as NAME.jpg, NAME being its category, with
its lens, the camera's height and the truth in pictures.json.
"""

import json
import sys
from pathlib import Path

from PIL import Image

from rrb.data import Dataset

DEMO = Path(__file__).parents[1] / "src" / "rrb" / "assets" / "demo"


def main(*chosen: str) -> None:
    DEMO.mkdir(parents=True, exist_ok=True)
    said = {}
    for one in chosen:
        folder, key = one.rsplit(":", 1)
        sample = Dataset(folder).sample(key)
        camera, pose = sample.camera, sample.camera_from_object
        assert sample.turns is not None
        assert abs(camera.cx_px - camera.width_px / 2) < 1e-9  # so that a field of view says it all
        Image.fromarray(sample.image).save(DEMO / f"{sample.category}.jpg", quality=94)
        said[sample.category] = {
            "fov_deg": round(float(camera.fov_deg()), 3),
            "camera_height_m": round(float(sample.camera_height_m), 3),
            "rotation": pose.rotation.tolist(),
            "translation_m": pose.translation.tolist(),
            "extents_m": [float(side) for side in sample.extents_m],
            "turns_about_y": sample.turns.folds,
            "mesh": sample.mesh_id,
        }
    (DEMO / "pictures.json").write_text(json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
