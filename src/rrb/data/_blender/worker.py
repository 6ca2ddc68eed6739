"""Draws scenes with Blender Cycles. Runs in Blender's own environment and process, and knows nothing of rrb.

Started by `rrb.data.photoreal` as `python worker.py FD SAMPLES THREADS`. Jobs arrive on standard input, a line of
JSON each: {"scene": what `Scene.to_json` says, "shapes": {mesh_id: a file}}. Answers leave by the file descriptor FD,
because Blender writes what it likes to standard output: a line of JSON {"key", "size": [H, W]}, followed by
linear premultiplied RGBA (H, W, 4) float32, which object is seen (H, W) int16, -1 for none, and its depth z
(H, W) float32, 0 for none; or {"key", "error"} as the last line before the process ends.
"""

import json
import os
import sys
from typing import Any

import bpy  # type: ignore[import-not-found]
import numpy as np
from film import Film  # type: ignore[import-not-found]
from stage import Stage  # type: ignore[import-not-found]


def main() -> None:
    fd, samples, threads = (int(word) for word in sys.argv[1:4])
    with os.fdopen(fd, "wb") as answers:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        film, stage = Film(samples, threads), Stage()
        say(answers, {"blender": bpy.app.version_string, "numpy": np.__version__})
        for line in sys.stdin.buffer:
            job = json.loads(line)
            key = job["scene"]["key"]
            try:
                stage.arrange(job["scene"], job["shapes"])
                rgba, index, depth = film.taken(job["scene"])
            except (
                Exception
            ) as error:  # said to whoever asked, who starts another process: this one may be broken
                say(answers, {"key": key, "error": f"{type(error).__name__}: {error}"})
                return
            say(answers, {"key": key, "size": list(index.shape)}, rgba, index, depth)


def say(answers: Any, line: dict[str, Any], *arrays: Any) -> None:
    answers.write(json.dumps(line).encode() + b"\n")
    for array in arrays:
        answers.write(np.ascontiguousarray(array).data)
    answers.flush()


if __name__ == "__main__":
    main()
