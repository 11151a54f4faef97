"""What a qualification found, as one document of plain data without dates or machine."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import trephine
from trephine.catalogue.load import catalogue
from trephine.core import provenance
from trephine.core.errors import TrephineError
from trephine.study.qualify import Qualified
from trephine.study.scorecard import Coverage, Row, coverage

Plain = dict[str, Any]

FORMAT = 1
RESTS_ON = (
    "core",
    "case",
    "catalogue",
    "numerics",
    "models",
    "intake",
    "stages",
    "pipeline",
)
"""Parts of the program that can change the outcome of a patient."""
LIBRARIES = ("jax", "jaxlib", "numpy", "scipy")


def document(found: Qualified, columns: Mapping[str, str], made: Mapping[str, str]) -> Plain:
    """Return a qualification as plain data, ready for JSON; the same twice from the same.

    Parameters
    ----------
    found
        What came out.
    columns
        What each column is, by its name, those without any prediction too.
    made
        Digests of what else it was made with, such as emulator and posterior.
    """
    one = next(iter(found.asked.values()))
    engines = [a for a in found.asked.values() if a.trial.baseline is None]
    libraries = provenance.libraries()
    return {
        "format": FORMAT,
        "made_with": {
            "trephine": trephine.__version__,
            "python": provenance.python(),
            **{name: libraries[name] for name in LIBRARIES},
            "catalogue": catalogue().digest,
            "program": program(),
            **made,
        },
        "asked": {
            "voxel_mm": one.settings.voxel * 1e3,
            "seed": one.seed,
            "most_patients": max((a.patients for a in engines), default=0),
        },
        "columns": [
            {"name": name, "title": title, "absent": found.absent.get(name, "")}
            for name, title in columns.items()
        ],
        "trials": [_trial(found, stem) for stem in found.asked],
        "endpoints": [_row(row) for row in found.rows],
        "coverage": {
            name: {
                f"{kind}{words}": _coverage(
                    coverage(found.rows, name, is_fitted=kind == "fitted", is_alone=bool(words))
                )
                for kind in ("not fitted", "fitted")
                for words in ("", ", alone")
            }
            for name in columns
        },
        "statements": {
            stem: [vars(said) for said in told] for stem, told in found.statements.items()
        },
        "stale": list(found.stale),
    }


def _trial(found: Qualified, stem: str) -> Plain:
    """Return what became of a trial as a whole."""
    asked, result = found.asked[stem], found.results[stem]
    told: Plain = {
        "trial": stem,
        "name": asked.trial.name,
        "cohort": asked.trial.cohort,
        "baseline": asked.trial.baseline,
        "patients": asked.patients,
        "digest": asked.digest,
        "arms": [],
        "errors": [],
        "lacks": "",
    }
    if isinstance(result, TrephineError):
        return told | {"lacks": str(result)}
    for arm in asked.trial.arms:
        pool = result.pool(arm.name)
        told["arms"].append(
            {
                "name": arm.name,
                "virtual": len(pool),
                "united": int(np.isfinite(pool.seen_week).sum()),
                "failed": int(pool.failed.sum()),
            }
        )
        members = result.outcomes.get(("", arm.name), ())
        told["errors"] += sorted({one.error for one in members if one.error is not None})
    return told


def _row(row: Row) -> Plain:
    """Return an endpoint as plain data."""
    seen = row.published
    ends = None if seen is None or seen.sign else (seen.low, seen.high)
    return {
        "trial": row.trial,
        "key": row.key,
        "arm": row.endpoint.arm,
        "name": row.name,
        "outcome": row.endpoint.outcome,
        "measure": row.endpoint.measure,
        "week": row.week,
        "n": list(row.n),
        "unit": row.unit,
        "is_fitted": row.is_fitted,
        "observed": None
        if seen is None
        else {
            "shown": seen.shown,
            "low": None if ends is None or not np.isfinite(ends[0]) else ends[0],
            "high": None if ends is None or not np.isfinite(ends[1]) else ends[1],
            "sign": seen.sign,
            "role": seen.role,
            "source": seen.source,
        },
        "columns": {name: dict(vars(one)) for name, one in row.columns.items()},
        "is_missed": row.is_missed,
        "why": row.why,
    }


def _coverage(told: Coverage) -> Plain:
    return dict(vars(told))


@cache
def program() -> str:
    """Return a digest of the code that the outcome of a patient rests on, comments apart."""
    root = Path(trephine.__file__).parent
    found = hashlib.sha256()
    for part in RESTS_ON:
        files = sorted((root / part).rglob("*.py")) or [root / f"{part}.py"]
        for path in files:
            code = ast.parse(path.read_text(encoding="utf-8"))
            found.update(f"{path.relative_to(root)}\n{ast.dump(_bare(code))}\n".encode())
    return found.hexdigest()[:16]


def _bare(code: ast.Module) -> ast.Module:
    """Return code without the texts that stand alone in it, which say what it does."""
    for node in ast.walk(code):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [line for line in body if not _is_text(line)]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
    return code


def _is_text(line: object) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
