"""Run one measurement in a process of its own: its time, its peak memory, its answer."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Found = dict[str, Any]
Part = Callable[..., Found]
UNCACHED = {"JAX_ENABLE_COMPILATION_CACHE": "0"}
"""What keeps compiled programs from being taken from an earlier run."""


def seconds(call: Callable[[], object], *, least: int = 5, during: float = 3.0) -> float:
    """Return the least wall time of a call [s]; what is not of the call can only add to it.

    Parameters
    ----------
    call
        What to time; returns when it is done.
    least, during
        Repeat at least so often, and at least so long [s].
    """
    times: list[float] = []
    while len(times) < least or sum(times) < during:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return min(times)


def peak_memory() -> float:
    """Return the largest memory that this process has held so far [MB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def alone(
    script: str,
    part: str,
    *arguments: str,
    start: Sequence[str] = (sys.executable,),
    environment: Mapping[str, str] = UNCACHED,
    patience: float = 900.0,
) -> Found:
    """Return what a part of a script finds in a process of its own, with its ``peak_MB``.

    Parameters
    ----------
    script, part, arguments
        Which file, which of its parts, and what the part is given.
    start
        What runs the file.
    environment
        Added to the variables of this process.
    patience
        After how many seconds to give up [s].
    """
    command = [*start, script, "--part", part, *arguments]
    done = subprocess.run(  # noqa: S603  (our own file)
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        timeout=patience,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


def remembered(script: str, part: str, *arguments: str) -> Found:
    """Return what a part finds on a machine that ran it before, its compiled programs kept."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"XDG_CACHE_HOME": folder}
        alone(script, part, *arguments, environment=environment)
        return alone(script, part, *arguments, environment=environment)


def asked_for(parts: Mapping[str, Part]) -> bool:
    """Do the part that the command line names and print what it found; say whether it named one."""
    if "--part" not in sys.argv:
        return False
    name, *arguments = sys.argv[sys.argv.index("--part") + 1 :]
    found = parts[name](*arguments)
    print(json.dumps({"peak_MB": peak_memory(), **found}))
    return True
