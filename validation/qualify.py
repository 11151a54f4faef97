"""Qualify the program: ``python validation/qualify.py [--patients N] [--voxel EDGE]``.

Runs the verification and every trial of examples/trials, keeps what came out as
validation/qualification.json, from which ``make pages`` makes docs/scorecard.md, and writes a page
of its own, qualify.html, with the laws of cells on it too. What was computed is kept beside that
page, under runs/qualify, so that an interrupted call goes on; another program, catalogue, trial or
option begins anew. A posterior that was made from something else than there is now is refused.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import condition_scores
from cell_scores import STAGES

from trephine.catalogue.load import catalogue
from trephine.catalogue.posterior import posterior
from trephine.cli.main import main as trephine
from trephine.cli.qualify import RESULT
from trephine.core import digest
from trephine.report import qualify as report
from trephine.store.files import read_document, write_document
from trephine.study.calibrate import stale
from trephine.study.emulated import shipped
from trephine.study.qualified_document import program
from trephine.study.qualify import trials_of

ROOT = Path(__file__).parents[1]
TRIALS = ROOT / "examples" / "trials"
RECORD = ROOT / "validation" / "qualification.json"


def laws() -> list[dict[str, Any]]:
    """Return the scores of the laws of cells, misses first."""
    order = ("miss", "near", "within")
    rows = [
        {
            "stage": stage,
            "quantity": score.quantity,
            "model": f"{score.model:.3g}",
            "published": " to ".join(f"{end:g}" for end in dict.fromkeys(score.published)),
            "kind": "fit" if score.fit else "test",
            "verdict": score.verdict,
            "source": score.source,
            "why": score.why,
        }
        for stage, some in STAGES.items()
        for score in some
    ]
    return sorted(rows, key=lambda row: order.index(str(row["verdict"])))


def main() -> int:
    """Compute what is missing, then write record and page; return the exit status."""
    changed = stale(posterior(), list(trials_of(TRIALS).values()), shipped())
    if changed:
        print(
            f"the posterior was made from other {', other '.join(changed)}; make it anew with "
            "`make calibrate`",
            file=sys.stderr,
        )
        return 1
    files = sorted(TRIALS.rglob("*.toml"))
    asked = [program(), catalogue().digest, sys.argv[1:], [digest.of_file(f) for f in files]]
    out = ROOT / "runs" / "qualify" / digest.of_document(asked)
    (out / RESULT).unlink(missing_ok=True)
    words = ["qualify", str(TRIALS), "--out", str(out), "--resume"]
    words += ["--tests", str(ROOT / "tests" / "verification")]
    words += ["--misses", str(ROOT / "validation" / "misses.toml"), *sys.argv[1:]]
    status = trephine(words)
    if (out / RESULT).is_file():
        told = read_document(out / RESULT)
        write_document(RECORD, told)
        page = report.write(told | {"scores": laws(), "conditions": condition_scores.kept()}, out)
        print(f"Open {page} in a browser.")
    return status


if __name__ == "__main__":
    sys.exit(main())
