"""Owns what was computed: a folder a course, found again while what it rests on is the same."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from trephine.models.beliefs import Beliefs

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "runs" / "validation"
RESTS_ON = ("core", "case", "catalogue", "numerics", "models", "stages", "intake")
"""Parts of the program that can change an outcome."""

BEFORE_ANEW = 30
"""Jobs for each process before new ones are started, for one keeps every program it compiled."""

Outcome = dict[str, Any]
Key = TypeVar("Key")


class Job(Protocol):
    """What can be computed and kept."""

    @property
    def written(self) -> str:
        """Everything that tells it from another."""

    @property
    def cost(self) -> float:
        """How long it takes, in arbitrary units."""

    @property
    def kind(self) -> str:
        """What is compiled for it; jobs of one kind are done in turn."""

    def compute(self) -> Outcome:
        """Return what came out."""


def outcomes(jobs: Mapping[Key, Job]) -> dict[Key, Outcome]:
    """Return the outcome of each job; what was computed before is read.

    The slowest go first, in two processes of one core each. An interrupted call goes on where
    it stopped.
    """
    folders = {key: FOLDER / _name(job) for key, job in jobs.items()}
    wanting: dict[Path, tuple[Job, Key]] = {}
    for key, job in jobs.items():
        if not (folders[key] / "outcome.json").exists():
            wanting[folders[key]] = (job, key)
    if wanting:
        _compute(wanting)
    return {key: json.loads((f / "outcome.json").read_text()) for key, f in folders.items()}


def _compute(wanting: Mapping[Path, tuple[Job, Any]]) -> None:
    ordered = sorted(wanting.items(), key=lambda item: (-item[1][0].cost, item[1][0].kind))
    commit, began = revision(), time.perf_counter()
    workers = min(2, os.cpu_count() or 1)
    share = workers * BEFORE_ANEW
    for first in range(0, len(ordered), share):
        # New processes by hand: a pool that replaces them itself can wait for ever on Python 3.11.
        with ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), initializer=_on_one_core
        ) as pool:
            running = {
                pool.submit(_kept, job, folder, commit): key
                for folder, (job, key) in ordered[first : first + share]
            }
            for done, future in enumerate(as_completed(running), first + 1):
                said = future.result()
                minutes = (time.perf_counter() - began) / 60
                print(
                    f"[{done}/{len(ordered)}, {minutes:.1f} min] {_words(running[future])}: {said}",
                    flush=True,
                )


def _words(key: object) -> str:
    return " / ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _on_one_core() -> None:
    """Keep a worker on a core of its own, before it computes anything."""
    if hasattr(os, "sched_setaffinity"):
        number = multiprocessing.current_process()._identity[0]  # noqa: SLF001  (no public name)
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def _kept(job: Job, folder: Path, commit: str) -> str:
    """Compute a job, keep its outcome and say it in a few words."""
    outcome = job.compute() | {"commit": commit, "job": json.loads(job.written)}
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f"half-{os.getpid()}.json"
    half.write_text(json.dumps(outcome, indent=1))
    half.replace(folder / "outcome.json")
    said = f"union week {outcome['union']}, " if "union" in outcome else ""
    return f"{said}{outcome['seconds']:.0f} s"


def _name(job: Job) -> str:
    found = hashlib.sha256()
    own = Path(inspect.getfile(type(job))).read_text(encoding="utf-8")
    found.update(f"{job.written}\n{_bare(own)}\n{_program()}\n{_numbers()}".encode())
    return found.hexdigest()[:16]


@cache
def _program() -> str:
    """Return a digest of the code that an outcome rests on, without its comments and docstrings."""
    found = hashlib.sha256()
    source = ROOT / "src" / "trephine"
    files = sorted(f for part in RESTS_ON for f in (source / part).rglob("*.py"))
    for path in files:
        found.update(path.name.encode() + _bare(path.read_text(encoding="utf-8")).encode())
    for path in sorted((source / "cli" / "examples").glob("*.toml")):
        found.update(path.read_bytes())
    return found.hexdigest()


def _bare(code: str) -> str:
    tree = ast.parse(code)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [line for line in body if not _is_text(line)]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


@cache
def _numbers() -> str:
    return Beliefs.printed().digest


@cache
def revision() -> str:
    """Return the commit that is checked out, with a word if the program differs from it."""

    def git(*words: str) -> str:
        done = subprocess.run(  # noqa: S603  (fixed words)
            ["git", *words],  # noqa: S607  (whichever git the user has)
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()

    commit = git("rev-parse", "--short", "HEAD") or "unknown"
    return f"{commit} with local changes" if git("status", "--porcelain", "src") else commit


def fine() -> bool:
    """Return whether the slowest courses are asked for too."""
    return "--fine" in sys.argv
