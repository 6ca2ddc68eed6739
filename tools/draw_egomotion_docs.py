"""Draw the animations of docs/egomotion.md: python tools/draw_egomotion_docs.py [fast|photoreal].

Makes a film of one chair and one of two, follows the camera by their true meshes and masks with `rrb track`, and keeps
track.gif. Without a word the films are photoreal where `make photoreal` was done. Nothing in them is a photograph.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from rrb.cli.main import main as rrb
from rrb.data import SequenceOrder, make_sequence

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
SEED, SIDE_PX = 4, 256
FRAMES = {"one": 40, "two": 48}
MOST_BYTES = 1_500_000


def draw(name: str, style: str, scratch: Path) -> str:
    film, out = scratch / f"{name}_film", scratch / f"{name}_path"
    kind = {"one": "one-chair", "two": "two-chairs"}[name]
    make_sequence(SequenceOrder(kind, SEED, FRAMES[name], (SIDE_PX, SIDE_PX), style, 64), film)
    given = ["--masks", film / "masks", "--mesh", film / "meshes", "--ground-truth", film / "truth.txt"]
    code = rrb(["track", str(film), *map(str, given), "--out", str(out)])
    if code:
        sys.exit(code)
    size = (out / "track.gif").stat().st_size
    if size > MOST_BYTES:
        sys.exit(f"{name}: {size} bytes; at most {MOST_BYTES} are for the docs: fewer FRAMES are needed")
    shutil.copyfile(out / "track.gif", IMAGES / f"egomotion_{name}.gif")
    return f"egomotion_{name}.gif ({size / 1e3:.0f} kB)"


def main(style: str = "") -> None:
    if not style:
        style = "photoreal" if (ROOT / ".venv-photoreal").is_dir() else "fast"
    with tempfile.TemporaryDirectory() as scratch:
        print(f"wrote {', '.join([draw(name, style, Path(scratch)) for name in FRAMES])}")


if __name__ == "__main__":
    main(*sys.argv[1:])
