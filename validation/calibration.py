"""Fit the unknowns of healing and product, and write the posterior, its page and its pictures.

``python validation/calibration.py`` makes everything anew; ``--page`` alone fits again, and writes
the page without touching the posterior. ``--engine`` puts some draws of the posterior through the
engine on 3-mm voxels as well (minutes; kept under runs/calibration).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import calibration_page
import calibration_plots
import numpy as np
import tomli_w

from trephine.case.settings import Settings
from trephine.case.trial import Trial, read
from trephine.core.progress import Watch
from trephine.core.rng import Streams
from trephine.models.beliefs import Beliefs
from trephine.pipeline import run
from trephine.study import patients, unknowns
from trephine.study.arm_inputs import arm_inputs, dose_numbers
from trephine.study.calibrate import Effort, fit, posterior_of
from trephine.study.emulate import Emulator
from trephine.study.predictive import predicted
from trephine.study.resolution import fitting

ROOT = Path(__file__).parents[1]
TRIALS = ROOT / "examples" / "trials"
FILE = ROOT / "src" / "trephine" / "catalogue" / "data" / "posterior" / "callus.toml"
PAGE = ROOT / "docs" / "reference" / "calibration.md"
IMAGES = ROOT / "docs" / "images"
KEPT = ROOT / "runs" / "calibration"
HEAD = "# Made by `make calibrate`; docs/reference/calibration.md tells of it.\n\n"
DRAWS, PATIENTS = 6, 4
"""Draws of the posterior, and patients, that go through the engine."""
SERIES = "Hernigou 2005"


class Said(Watch):
    """A listener that prints each round."""

    def progress(self, stage: str, done: float, total: float, text: str = "") -> None:
        """Print where the work stands."""
        print(
            f"{time.strftime('%H:%M:%S')} {stage}: {text or f'{done:g} of {total:g}'}", flush=True
        )


def trials() -> list[Trial]:
    """Return the virtual trials that stand for the published ones."""
    return [read(path) for path in sorted(TRIALS.glob("*.toml"))]


def beside_the_engine(found: Any, emulator: Emulator) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return draws of the posterior through the engine and through the emulator."""
    trial = next(one for one in trials() if one.name.startswith(SERIES))
    arm = trial.arms[0]
    drawn = patients.features(trial.population, Streams(7).within("engine"), PATIENTS)
    inputs = arm_inputs(drawn, arm.plan)
    settings = Settings.model_validate({"voxel": "3 mm", "sides": 6})
    told = []
    for draw in range(DRAWS):
        row = {key: np.atleast_1d(value) for key, value in found.rows(draw).items()}
        stays = unknowns.retained(row, dose_numbers().deliver)
        biology = {key: float(value[0]) for key, value in unknowns.biology(row).items()}
        values, known, _ = inputs.courses(biology, stays, stays)
        said = emulator.predict({key: value[known] for key, value in values.items()})
        weeks = []
        beliefs = Beliefs.posterior(_Row(draw), found=found, others="printed")
        for index in np.flatnonzero(known):
            case = patients.patient(trial.population, drawn, int(index), arm.plan)
            place = KEPT / f"{found.contents}-{draw}-{index}.json"
            if not place.exists():
                KEPT.mkdir(parents=True, exist_ok=True)
                fine = Settings.model_validate(fitting(case, settings))
                seen = run(case, beliefs=beliefs, settings=fine, seed=int(index)).follow_up
                place.write_text(json.dumps(seen.union_week), encoding="utf-8")
            weeks.append(json.loads(place.read_text(encoding="utf-8")))
            print(f"draw {draw}, patient {index}: {weeks[-1]}", flush=True)
        united = [week for week in weeks if week is not None]
        chance = said.union_chance_by_week[25]
        gained = np.diff(said.union_chance_by_week[:26], axis=0, prepend=0.0)
        told.append(
            {
                "draw": draw,
                "patients": int(known.sum()),
                "engine_united": len(united),
                "emulator_united": float(chance.sum()),
                "engine_week": float(np.mean(united)) if united else None,
                "emulator_week": float((said.week[:26] @ gained).sum() / chance.sum())
                if chance.sum() > 0.5
                else None,
            }
        )
    return told


class _Row:
    """Luck that takes one draw of a posterior."""

    def __init__(self, row: int) -> None:
        self.row = row

    def integers(self, _: int) -> int:
        """Return the draw."""
        return self.row


def main() -> None:
    """Fit, check, and write."""
    began = time.perf_counter()
    emulator, effort, known = Emulator.load(), Effort(), trials()
    told = fit(known, effort=effort, emulator=emulator, watch=Said())
    print(told.diagnostics)
    found = posterior_of(told, known, emulator, effort.draws)
    if "--page" not in sys.argv:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(HEAD + tomli_w.dumps(found.model_dump(mode="json")), encoding="utf-8")
    print(f"fitted in {time.perf_counter() - began:.0f} s")
    kept = KEPT / "engine.json"
    if "--engine" in sys.argv:
        engine = beside_the_engine(found, emulator)
        kept.write_text(json.dumps({"posterior": found.contents, "told": engine}), encoding="utf-8")
    held = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    engine = held.get("told", []) if held.get("posterior") == found.contents else []
    for name, plot in (
        ("marginals", calibration_plots.marginal_plot),
        ("correlations", calibration_plots.correlation_plot),
    ):
        (IMAGES / f"calibration-{name}.svg").write_text(plot(told), encoding="utf-8")
    aside = [
        one
        for trial in known
        if trial.baseline is None
        for one in predicted(trial, found=found, emulator=emulator)
        if one.published is not None and one.published.role == "holdout"
    ]
    text = calibration_page.page(told, found, effort, str(emulator.error), engine, aside)
    PAGE.write_text(text, encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)} is written")


if __name__ == "__main__":
    main()
