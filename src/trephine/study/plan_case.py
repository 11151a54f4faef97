"""Owns the case files of plans: a case with other injections, written as a person would."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomli_w

from trephine.case.case import Case
from trephine.case.plan import Injection
from trephine.store.files import replacing


def case_of(case: Case, title: str, injections: Sequence[Injection]) -> Case:
    """Return the case with the injections of a plan in place of its own, checked again."""
    others = [step for step in case.plan.steps if not isinstance(step, Injection)]
    changed = case.with_plan(
        steps=[*(s.as_written() for s in others), *(i.as_written() for i in injections)]
    )
    name = f"{case.name[: 117 - len(title)]}: {title}"
    return changed.changed({"name": name})


def write(case: Case, path: Path) -> None:
    """Write a case as a file that can be read as it stands, and moved with the scan it names.

    Equal draws stand together, ``"40 x 2 mL"``, whole numbers without a point, and the files of a
    scan are named from the folder of the case file.
    """
    written = _whole(case.as_written())
    for step in written["plan"]["steps"]:
        draws = step.get("harvest", {}).get("draws")
        if draws:
            step["harvest"]["draws"] = grouped(draws)
    scan = written["site"].get("scan")
    if scan:
        folder = path.resolve().parent
        for name in ("density", "labels"):
            scan[name] = Path(os.path.relpath(scan[name], folder)).as_posix()
    with replacing(path) as part:
        part.write_text(tomli_w.dumps(written, multiline_strings=True), encoding="utf-8")


def grouped(draws: Sequence[str]) -> list[str]:
    """Return draws with equal neighbours together, as a case file takes them."""
    counted = [(len(list(same)), text) for text, same in itertools.groupby(draws)]
    return [text if number == 1 else f"{number} x {text}" for number, text in counted]


def _whole(value: Any) -> Any:  # noqa: ANN401  (plain data of any kind)
    """Return plain data with whole numbers as such."""
    if isinstance(value, dict):
        return {name: _whole(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
