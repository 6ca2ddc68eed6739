"""One process of Blender: started, asked for pictures, and stopped whatever it does."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rrb.errors import BadInputError

WORKER = Path(__file__).parent / "_blender" / "worker.py"
START_TIMEOUT_S = 120.0  # a first import of a gigabyte from a slow disk
LONGEST_LIFE = 2000  # pictures: Blender keeps some 10 kB of each, and starts again within a second
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Failure:
    """A scene without a picture, or without one at the first try."""

    key: str
    reason: str  # a sentence
    worth_another_try: bool = False  # the process broke down, which may not be the scene's fault


@dataclass(frozen=True, eq=False)
class Drawn:
    """What Blender sees, without what is behind."""

    rgba: NDArray[
        np.float32
    ]  # (H, W, 4) linear, premultiplied; shadows on a ground that is not drawn are alpha
    object_index: NDArray[np.int16]  # (H, W), -1 for none
    depth_m: NDArray[np.float32]  # (H, W), 0 for none


class BlenderProcess:
    """Starts when first asked and again after it has died. One thread at a time may ask; any may close."""

    def __init__(self, python: Path, samples: int, threads: int, timeout_s: float, log: Path) -> None:
        self._python, self._numbers, self._timeout_s, self._log = python, (samples, threads), timeout_s, log
        self._process: subprocess.Popen[bytes] | None = None
        self._answers = -1  # the descriptor that they arrive by
        self._rest = b""
        self._drawn = 0  # pictures since it was started
        self._killed = False

    def start(self) -> None:
        """Run it; an environment in which it does not run is refused."""
        theirs: int | None
        self._answers, theirs = os.pipe()
        self._rest, self._drawn = b"", 0
        command = [str(self._python), "-s", str(WORKER), str(theirs), *map(str, self._numbers)]
        # Our packages are not its packages, and Ctrl-C is ours alone: it is killed when we end.
        alone = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
        try:
            with open(self._log, "wb") as log:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log,
                    pass_fds=(theirs,), start_new_session=True, env=alone,
                )  # fmt: skip
        except OSError as error:
            self._stop()
            raise BadInputError(f"{self._python}: it cannot be run ({error.strerror})") from None
        finally:
            os.close(theirs)
        if self._killed:  # meanwhile
            self._process.kill()
        try:
            self._line(time.monotonic() + START_TIMEOUT_S)
        except _Broken as broken:
            self._stop()
            raise BadInputError(
                f"{self._python}: Blender does not start there, {broken}; `make photoreal` builds an environment"
            ) from None

    def ask(self, key: str, request: dict[str, Any]) -> Drawn | Failure:
        """The scene's picture. After a failure the process is gone, and the next question starts another."""
        if self._killed:
            return Failure(key, "Blender was stopped")
        if self._drawn >= LONGEST_LIFE:
            self._stop()
        if self._process is None:
            self.start()
        self._drawn += 1
        try:
            return self._exchanged(json.dumps(request).encode() + b"\n")
        except _Broken as broken:
            self._stop()
            return Failure(key, f"Blender broke down, {broken}", worth_another_try=not self._killed)
        except _Refused as refused:
            self._stop()
            return Failure(key, f"Blender cannot draw the scene: {refused}")

    def kill(self) -> None:
        """For good; whoever waits for an answer, in another thread, gets a failure."""
        self._killed = True
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """`kill`, and give back what it held; when nobody asks any more."""
        self.kill()
        self._stop()

    # --- talking --------------------------------------------------------------------------------------

    def _exchanged(self, line: bytes) -> Drawn:
        assert self._process is not None
        assert self._process.stdin is not None
        until = time.monotonic() + self._timeout_s
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except OSError:
            raise _Broken(self._ending()) from None
        answer = json.loads(self._line(until))
        if "error" in answer:
            raise _Refused(answer["error"])
        height, width = answer["size"]
        rgba = np.frombuffer(self._bytes(16 * height * width, until), np.float32).copy()
        index = np.frombuffer(self._bytes(2 * height * width, until), np.int16).copy()
        depth = np.frombuffer(self._bytes(4 * height * width, until), np.float32).copy()
        return Drawn(
            rgba.reshape(height, width, 4), index.reshape(height, width), depth.reshape(height, width)
        )

    def _line(self, until: float) -> bytes:
        while b"\n" not in self._rest:
            self._rest += self._more(until)
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _bytes(self, count: int, until: float) -> bytes:
        parts, held = [self._rest], len(self._rest)
        while held < count:
            parts.append(self._more(until))
            held += len(parts[-1])
        whole = b"".join(parts)
        self._rest = whole[count:]
        return whole[:count]

    def _more(self, until: float) -> bytes:
        ready, _, _ = select.select([self._answers], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise _Broken("because it gave no answer in time")
        data = os.read(self._answers, _CHUNK)
        if not data:
            raise _Broken(self._ending())
        return data

    # --- ending ---------------------------------------------------------------------------------------

    def _ending(self) -> str:
        """How it died, and its last words."""
        assert self._process is not None
        code = self._process.wait()
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        words = self._log.read_text(errors="replace").strip().splitlines() if self._log.exists() else []
        return f"it ended {how}" + (f" ({words[-1][:200]})" if words else "")

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        if self._answers >= 0:
            os.close(self._answers)
            self._answers = -1


class _Refused(Exception):
    """The process is well and says why it has no picture of this scene."""


class _Broken(Exception):
    """The process gave no whole answer; the text says why, after a comma."""
