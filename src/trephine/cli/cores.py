"""``--workers``: how many processor cores a run may use; it may not change a number."""

from __future__ import annotations

import os
import sys

from trephine.core.errors import InputError

ENGINES = ("jax", "numpy")


def limit(workers: int | None) -> None:
    """Keep this process, and every thread it starts from now on, on that many cores.

    Called before the array libraries are imported, for they start a thread for each core they
    see.

    Raises
    ------
    InputError
        If the system cannot keep a process on some of its cores.
    """
    if workers is None:
        return
    if not hasattr(os, "sched_setaffinity"):
        raise InputError(f"--workers: {sys.platform} cannot limit a process to some cores; "
                         "leave it out")  # fmt: skip
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:workers])
