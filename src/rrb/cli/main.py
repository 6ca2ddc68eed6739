"""`rrb COMMAND ...`: finds the command, and turns what goes wrong into one sentence and an exit code.

0: done. 2: what was given cannot be used. 1: our fault. 130: stopped with Ctrl-C. A command is a module with
a frozen dataclass `Options`, from which its flags are derived, and `run(options)`; it is imported when asked
for, so that help is quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from rrb.errors import RrbError

COMMANDS = {
    "reconstruct": ("rrb.cli.reconstruct", "make a mesh with a pose of the object in a picture, or in many"),
    "render": ("rrb.cli.render", "draw a mesh: colour, silhouette, depth, normals, coordinates"),
    "fit": ("rrb.cli.fit", "find the pose of a mesh from its mask, in one picture or in many"),
    "track": ("rrb.cli.track", "follow the camera through a film by the objects that it sees"),
    "rescale": ("rrb.cli.rescale", "give a mesh its size in metres, by the camera's height"),
    "evaluate": ("rrb.cli.evaluate", "compare results with the truth, beside published numbers"),
    "train": ("rrb.cli.train", "train the networks on data sets"),
    "data": ("rrb.cli.data", "make, show, check or import pictures with camera, pose and mesh"),
    "demo": ("rrb.cli.demo", "find where the bundled chair stands from its mask, without a start"),
    "doctor": ("rrb.cli.doctor", "say what is installed, and compile the kernels"),
}
DONE, OUR_FAULT, BAD_INPUT, STOPPED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    arguments = [a for a in arguments if a != "--debug"]
    try:
        return _dispatch(arguments)
    except RrbError as error:
        if debug:
            raise
        return _fail(str(error), BAD_INPUT)
    except KeyboardInterrupt as stop:
        if debug:
            raise
        return _fail(str(stop) or "stopped", STOPPED)
    except BrokenPipeError:  # the reader of our output, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if debug:
            raise
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return _fail(f"this is a fault of ours ({what}); add --debug to see where it happened", OUR_FAULT)


def _dispatch(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_help())
        return DONE if arguments else BAD_INPUT
    if arguments[0] == "--version":
        from rrb import __version__

        print(f"rrb {__version__}")
        return DONE
    name, *rest = arguments
    if name not in COMMANDS:
        return _fail(f"there is no command {name!r}; {', '.join(COMMANDS)} are accepted", BAD_INPUT)
    import tyro

    module = import_module(COMMANDS[name][0])
    plain = (tyro.conf.FlagCreatePairsOff,)
    module.run(
        tyro.cli(module.Options, prog=f"rrb {name}", description=module.__doc__, args=rest, config=plain)
    )
    return DONE


def _help() -> str:
    lines = [f"  {name:<11} {what}" for name, (_, what) in COMMANDS.items()]
    return "\n".join(
        [
            "rrb: reconstruct, rasterize, backprop. The mesh and the pose of an object from one image.",
            "",
            "usage: rrb COMMAND [--help] [--debug] ...",
            "",
            *lines,
            "",
            "--debug shows where an error came from; rrb --version says the version.",
        ]
    )


def _fail(sentence: str, code: int) -> int:
    print(f"rrb: {sentence}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
