"""What a command loads before it says its flags: asked of a process of its own."""

import subprocess
import sys


def loaded_for_help(*arguments: str, of: tuple[str, ...]) -> str:
    """Those of the modules that are there once `rrb ARGUMENTS --help` has spoken, as a sorted list is printed."""
    code = (
        "import sys\nfrom rrb.cli.main import main\n"
        f"try: main({[*arguments, '--help']})\nexcept SystemExit: pass\n"
        f"print(sorted(set({of}) & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return out.stdout.strip().splitlines()[-1]
