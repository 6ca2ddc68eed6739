"""Put trained weights into the package, each with a model card.

    python tools/ship_weights.py NETWORK DATA_ROOT RUN [RUN...]

The runs are folders of `rrb train`, in the order in which they were made; the last one's best.safetensors is shipped.
Their data sets lie in DATA_ROOT. What the card says is read from runs and data sets: nothing in it is typed.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from rrb.data import Dataset
from rrb.networks.build import load
from rrb.networks.weights import load_weights
from rrb.training.checkpoint import read_lines

WEIGHTS = Path(__file__).parents[1] / "src" / "rrb" / "assets" / "weights"
WHAT = {
    "occupancy": (
        "which points lie inside of the object of a picture, and the proportions of its box",
        "a crop of 96 x 96 pixels with the object alone on grey, its mask as fourth channel, and the category",
    ),
    "viewpoint": (
        "azimuth, elevation and roll as distributions over bins of a degree, and the category",
        "a crop of 96 x 96 pixels with the object alone on grey, its mask as fourth channel",
    ),
    "mask": (
        "which pixels show the object",
        "the whole picture, resized to 128 x 128, or a nearer look at the object",
    ),
}
FIGURES = {
    "point_iou": "overlap of the points inside (half of all points lie near the surface)",
    "proportion_error": "mean error of the logarithms of the box's sides",
    "azimuth_deg": "azimuth, degrees, mean",
    "elevation_deg": "elevation, degrees, mean",
    "roll_deg": "roll, degrees, mean",
    "rotation_deg": "azimuth and elevation together, degrees, mean",
    "category": "share of right categories",
    "iou": "mean IoU of the masks",
}


def card(name: str, root: Path, runs: list[Path]) -> str:
    weights = load_weights(runs[-1] / "best.safetensors")
    network, about = load(runs[-1] / "best.safetensors", name)
    count = sum(p.numel() for p in network.parameters())
    says, sees = WHAT[name]
    lines = [
        f"# {name}, {weights.size}",
        "",
        f"Sees {sees}. Says {says}. {count / 1e6:.2f} million weights, in half precision; torch {about['torch']}.",
        "",
        "Made to start a fit, which then measures the picture; by itself it is no measurement. It knows chairs, cars,"
        " aeroplanes, tables and sofas that stand upright, in pictures in which the object is at least some 40 pixels"
        " large, and what its training data shows: generated objects, and a few real ones, drawn by us. Photographs"
        " differ from both.",
        "",
        "## How it was trained",
        "",
    ]
    for number, run in enumerate(runs, 1):
        lines += stage(number, name, root, run)
    lines += [
        "## What it measures on the val splits of the last stage (pictures of meshes never trained on)",
        "",
    ]
    lines += ["| figure | value |", "|---|---|"]
    measured = about.get("measured", {})
    lines += [f"| {FIGURES.get(key, key)} | {value:.4g} |" for key, value in measured.items()]
    return "\n".join([*lines, "", promise(name, runs[-1]), ""])


def stage(number: int, name: str, root: Path, run: Path) -> list[str]:
    about = load_weights(run / "best.safetensors").about
    curve = read_lines(run / "curve.jsonl")
    seen = curve[-1]["samples"]
    lines = [
        f"Stage {number}: best of {curve[-1]['step']} steps, at step {about.get('trained_steps')}"
        f" ({seen:,} samples seen), highest rate {max(line['rate'] for line in curve):.2g}, on a CPU,"
        f" {about['threads']} thread{'s' if about['threads'] > 1 else ''}.",
        "",
        "```bash",
        *(data_command(folder, Dataset(root / folder).about) for folder in about["data"]),
        f"rrb train {about['network']} --data {' '.join(about['data'])}{begun(about)}",
        "```",
        "",
    ]  # fmt: skip
    return lines


def begun(about: dict[str, Any]) -> str:
    """With whose weights, or only whose encoder, and taught by whom."""
    flags = {"start": about["start"], "shapes": about.get("shapes")}
    return "".join(f" --{flag} {Path(path).name}" for flag, path in flags.items() if path)


def data_command(folder: str, asked: dict[str, Any]) -> str:
    real = asked.get("meshes", "procedural") != "procedural"
    meshes = " --meshes MESHES" if real else ""
    views = " ".join(asked["variety"]["viewpoints"])
    return (
        f"rrb data make --category {asked['category']} --count {asked['count']} --style {asked['style']}"
        f" --seed {asked['seed']} --views {asked['views']} --viewpoints {views} --points {asked['points']}"
        f" --photos PHOTOS{meshes} --out {folder}"
    )


def promise(name: str, run: Path) -> str:
    """What the curve still said when training stopped."""
    looks = [line for line in read_lines(run / "curve.jsonl") if any(key.startswith("val_") for key in line)]
    key = {"occupancy": "val_point_iou", "viewpoint": "val_rotation_deg", "mask": "val_iou"}[name]
    if len(looks) < 3:
        return "The curve is too short to say what longer training would bring."
    early, late = looks[len(looks) // 2], looks[-1]
    return (
        f"When training stopped, {key.removeprefix('val_')} had gone from {early[key]:.4g} to {late[key]:.4g} over the"
        f" last {late['samples'] - early['samples']:,} samples."
    )


def require_modes(path: Path) -> None:
    """What a fit may move of a shape is worked out after the last step: without it, no shape is fitted."""
    network, _ = load(path, "occupancy")
    if not network.code_modes.any():
        raise SystemExit(f"{path}: it has no modes of shapes; the command that trained it works them out")


def main(name: str, root: str, *runs: str) -> None:
    folders = [Path(run) for run in runs]
    if name == "occupancy":
        require_modes(folders[-1] / "best.safetensors")
    WEIGHTS.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folders[-1] / "best.safetensors", WEIGHTS / f"{name}.safetensors")
    (WEIGHTS / f"{name}.md").write_text(card(name, Path(root), folders))
    size = (WEIGHTS / f"{name}.safetensors").stat().st_size
    print(
        f"{name}: {size / 1e6:.1f} MB",
        json.dumps(load_weights(folders[-1] / "best.safetensors").about["measured"]),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
