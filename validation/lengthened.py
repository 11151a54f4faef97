"""Owns the virtual patients whose bones are lengthened, and what they foretell of a series.

What came out of a run is kept in ``runs/regenerate`` and read again.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from condition_scores import Verdict
from scipy.stats import t

from trephine import pipeline
from trephine.case.case import of_any_kind
from trephine.case.document import validate
from trephine.case.regenerate_run import RegenerateRun
from trephine.case.settings import Settings
from trephine.catalogue.load import catalogue
from trephine.core import digest
from trephine.core.rng import Streams
from trephine.models.beliefs import Beliefs
from trephine.models.distraction_force import DistractionForceParameters
from trephine.models.reading import Reading
from trephine.models.regenerate import RegenerateParameters
from trephine.store.files import read_document, write_document

RUNS = Path(__file__).parents[1] / "runs/regenerate"
SITE: dict[str, Any] = {
    "kind": "regenerate",
    "bone": "tibia",
    "side": "left",
    "shaft": {"outer_diameter": "27 mm", "canal_diameter": "13 mm"},
    "fixation": {"kind": "ring_fixator"},
}
PATIENT: dict[str, Any] = {"age": "30 year", "sex": "male", "mass": "72 kg"}
CELLS: dict[str, Any] = {
    "kind": "injection",
    "harvest": {
        "bone": "posterior_iliac_crest",
        "draws": ["30 x 4 mL"],
        "anticoagulant": "15 mL",
    },
    "process": {"method": "concentrate", "device": "buffy_coat", "product_volume": "15 mL"},
    "deliver": {"volume": "12 mL", "carrier": "clot"},
}
CULTURED: dict[str, Any] = {
    **CELLS,
    "process": {
        "method": "culture",
        "duration": "21 d",
        "product_volume": "12 mL",
    },
    "deliver": {"volume": "10 mL", "carrier": "demineralised_bone", "carrier_volume": "2 mL"},
}
LENGTHS = (72, 84, 96)
"""Lengths of the eight virtual patients [mm]; their mean is near the 82.4 mm of the series."""
SIRIRAJ = 20
"""Patients assumed of a series that prints no number."""


@dataclass(frozen=True)
class Lengthened:
    """What came out of one lengthening.

    Parameters
    ----------
    healing_index
        Days from the osteotomy for each centimetre, if it consolidated [d/cm].
    weeks
        How long it was followed [wk].
    kept
        Progenitors that stayed of what was injected [-].
    """

    healing_index: float | None
    weeks: float
    kept: float


def lengthened(
    *,
    length: float = 40.0,
    rate: float = 1.0,
    load: float = 0.1,
    weeks: int = 40,
    voxel: str = "3 mm",
    injection: dict[str, Any] | None = None,
    day: float | None = None,
    patient: dict[str, Any] | None = None,
    seed: int = 0,
    drawn: bool = False,
    **site: Any,  # noqa: ANN401  (whatever a site holds)
) -> Lengthened:
    """Return one lengthening; the injection comes on the day after the length is gained.

    The numbers are as printed, or those that were calibrated on shafts are ``drawn`` together.
    """
    ends = 7.0 + length / rate
    steps: list[dict[str, Any]] = [
        {"kind": "loading", "day": "0 d", "body_weights": load},
        {"kind": "distraction", "day": "7 d", "length": f"{length} mm", "rate": f"{rate} mm/d"},
    ]
    if injection is not None:
        steps.append({**injection, "day": f"{ends + 1.0 if day is None else day:g} d"})
    data = {
        "name": "a lengthening of a series",
        "patient": {**PATIENT, **(patient or {})},
        "site": {**SITE, **site},
        "plan": {"steps": steps, "follow_up": {"duration": f"{weeks} wk", "interval": "1 wk"}},
    }
    settings = validate(Settings, {"voxel": voxel}, "settings")
    asked = of_any_kind(data, "series")
    beliefs = of_shafts(seed) if drawn else Beliefs.printed()
    key = digest.of_document([asked.digest, settings.digest, seed, numbers(beliefs)])
    path = RUNS / f"{key}.json"
    if not path.exists():
        run = pipeline.run(asked, beliefs=beliefs, settings=settings, seed=seed)
        if not isinstance(run, RegenerateRun):
            raise TypeError("a regenerate came back as another kind of run")
        kept = sum(one.graft.funnel[-1].progenitors for one in run.treatments)
        found = {"healing_index": run.healing_index, "weeks": float(weeks), "kept": kept}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_document(path, found)
    one = Lengthened(**read_document(path))
    sys.stderr.write(f"{length:g} mm, {'cells' if injection else 'none'}: {index(one)}\n")
    return one


def of_shafts(number: int) -> Beliefs:
    """Return one draw of the posterior of shafts, all other numbers as printed."""
    luck = Streams(2012).within("posterior", number).named("record")
    return Beliefs.posterior(luck, others="printed")


def numbers(beliefs: Beliefs) -> list[Any]:
    """Return what names the numbers that a lengthening reads; others may change."""
    own = Reading(catalogue())
    own.fill(RegenerateParameters)
    own.fill(DistractionForceParameters)
    return [beliefs.digest, own.used]


def index(one: Lengthened) -> str:
    """Return the healing index in words."""
    found = one.healing_index
    return f"none in {one.weeks:g} weeks" if found is None else f"{found:.0f}"


@dataclass(frozen=True)
class Foretold:
    r"""Healing indices of virtual patients, and what they foretell of the mean of a series.

    .. math:: \bar x \pm t_{0.95,P-1}\, s\, \sqrt{1/P + 1/n}

    of :math:`P` virtual patients and a series of :math:`n`.

    Parameters
    ----------
    found
        Of those who consolidated [d/cm].
    whole
        How many virtual patients there are.
    n
        Patients of the series.
    """

    found: tuple[float, ...]
    whole: int
    n: int

    @property
    def ends(self) -> tuple[float, float]:
        """Ends of the interval of 90 % [d/cm]."""
        few, spread = len(self.found), float(np.std(self.found, ddof=1))
        half = float(t.ppf(0.95, few - 1)) * spread * np.sqrt(1.0 / few + 1.0 / self.n)
        return float(np.mean(self.found)) - half, float(np.mean(self.found)) + half

    def __str__(self) -> str:
        """Tell mean and interval."""
        low, high = self.ends
        some = "" if len(self.found) == self.whole else f", {len(self.found)} of {self.whole}"
        return f"{np.mean(self.found):.0f} ({low:.0f} to {high:.0f}){some}"

    def verdict(self, published: float) -> Verdict:
        """Return where a published mean lies."""
        low, high = self.ends
        return "inside" if low <= published <= high else "outside"


def foretold(runs: tuple[Lengthened, ...], n: int) -> Foretold:
    """Return what virtual patients foretell of a series."""
    found = [run.healing_index for run in runs]
    return Foretold(tuple(one for one in found if one is not None), len(runs), n)


@cache
def adults(*, treated: bool, drawn: bool = False) -> tuple[Lengthened, ...]:
    """Return the eight virtual adults, with the concentrate of the series or without.

    Each has a draw of the numbers of his own where they are ``drawn``.
    """
    return tuple(
        lengthened(
            length=length,
            weeks=60,
            patient=patient,
            seed=number,
            drawn=drawn,
            injection=CELLS if treated else None,
        )
        for number, (patient, length) in enumerate(eight())
    )


def eight() -> list[tuple[dict[str, Any], float]]:
    """Return facts of the eight virtual adults, and the length each lost [mm]."""
    found = []
    for number in range(8):
        luck = Streams(2012).within("series", number).named("facts")
        patient = {
            "age": f"{luck.uniform(20, 60):.0f} year",
            "mass": f"{np.clip(luck.normal(75, 12), 50, 110):.0f} kg",
            "sex": "male" if luck.random() < 0.75 else "female",
            "smoker": bool(luck.random() < 0.3),
        }
        found.append((patient, float(luck.choice(LENGTHS))))
    return found


@cache
def children(*, treated: bool, drawn: bool = False) -> tuple[Lengthened, ...]:
    """Return four virtual children, with cultured cells or without; numbers as for adults."""
    small: dict[str, Any] = {"shaft": {"outer_diameter": "21 mm", "canal_diameter": "9 mm"}}
    return tuple(
        lengthened(
            length=72,
            weeks=44,
            patient={"age": f"{age} year", "mass": f"{mass} kg"},
            seed=number,
            drawn=drawn,
            injection=CULTURED if treated else None,
            **small,
        )
        for number, (age, mass) in enumerate(((8, 24), (10, 29), (12, 34), (14, 42)))
    )


@cache
def over_a_nail(*, treated: bool) -> Lengthened:
    """Return a lengthening over a nail, with concentrate at the osteotomy or without."""
    nailed: dict[str, Any] = {"fixation": {"kind": "nail", "nail_diameter": "10 mm"}}
    return lengthened(injection=CELLS if treated else None, day=0.0 if treated else None, **nailed)
