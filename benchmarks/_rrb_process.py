"""Runs a command and says in a line of JSON how long it took and how much memory it held at its peak.

A process of its own, and a small one: what a child held at most counts its parent's memory until it is another program.
"""

import json
import os
import subprocess
import sys
import time


def main() -> None:
    start = time.perf_counter()
    child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    error = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024
    cpu = usage.ru_utime + usage.ru_stime
    said = {"seconds": seconds, "cpu_s": cpu, "peak_mb": usage.ru_maxrss * unit / 1e6}
    print(json.dumps({**said, "code": os.waitstatus_to_exitcode(status), "error": error.strip()[-300:]}))


if __name__ == "__main__":
    main()
