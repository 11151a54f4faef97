"""Owns the virtual people on whom the numbers of necrotic heads are fitted and their chances told.

Each person has own values of the four numbers that are fitted, drawn much wider than any fit
leaves them, so that one set of people serves every value: a population is a weighting of them.
Run as ``python validation/hip_people.py [people]``; it takes some eight minutes on two cores and
writes ``validation/hip_people.tsv``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from trephine.case.case import of_any_kind
from trephine.case.hip import HipCase
from trephine.case.settings import Settings
from trephine.core.rng import Streams
from trephine.intake.head import printed
from trephine.models.beliefs import Beliefs
from trephine.models.hip_luck import HipLuck
from trephine.pipeline.hip import check
from trephine.stages.hip import VERSION
from trephine.store.files import replacing
from trephine.study.hips import VOXEL, follow

PATH = Path(__file__).parent / "hip_people.tsv"
YEAR = 365.25 * 86400.0
DRILL = {"kind": "core_decompression", "day": "0 d"}
REST = [
    {"kind": "loading", "day": "0 d", "body_weights": 1.0},
    {"kind": "loading", "day": "42 d", "body_weights": 2.8},
]
CELLS = {
    "kind": "injection",
    "day": "0 d",
    "harvest": {"bone": "posterior_iliac_crest", "draws": ["80 x 5 mL"], "anticoagulant": "40 mL"},
    "process": {"method": "concentrate", "device": "buffy_coat", "product_volume": "50 mL"},
    "deliver": {"volume": "50 mL", "carrier": "clot"},
}
"""About 400 mL drawn and 50 mL injected, as Gangji 2004 (recalled)."""
TYPES = ("A", "B", "C1", "C2")
DAMAGE = (1.5, 25.0)
"""Least and largest rate of damage of a person, even in its logarithm [1/d]."""
GAIN = 16.0
"""Largest gain by a graft of a person; even from none."""
FILLING, FILL_SPREAD = 0.4, 0.8
"""Middle of the rate of filling over the program's, and its spread in the logarithm."""
RESTING = 1.2
"""Mean rest of the front [year]."""
FIRST = "# stage hip, version "
COLUMNS = ("damage", "gain", "filling", "resting", "fracture_day", "collapse_day")


def hip(years: float, steps: list[dict[str, Any]], **site: Any) -> HipCase:  # noqa: ANN401
    """Return a case."""
    half = f"{182.625 * years:g} d"
    data = {
        "name": "a hip of a series",
        "patient": {"age": "42 year", "sex": "male", "mass": "70 kg"},
        "site": {"kind": "femoral_head", "side": "left", "stage": "II", **site},
        "plan": {
            "steps": steps,
            "follow_up": {"duration": f"{365.25 * years:g} d", "interval": half},
        },
    }
    case = of_any_kind(data, "series")
    assert isinstance(case, HipCase)  # noqa: S101  (told apart by its kind)
    return case


def cases(number: int) -> Iterator[tuple[str, HipCase]]:
    """Yield the rows that a person serves, and the case of each; common rows spare rare events."""
    own = {"jic": TYPES[2 + number % 2]}
    yield "cells", hip(5, [DRILL, *REST, CELLS], lesion=own)
    yield "drilled", hip(5, [DRILL, *REST], lesion=own)
    for jic, every in zip(TYPES, (6, 2, 1, 1), strict=True):
        if number % every == 0:
            yield f"untreated {jic}", hip(5, [], lesion={"jic": jic})


def other_cases(number: int) -> Iterator[tuple[str, HipCase]]:
    """Yield the rows that no fit sees and a person serves: heads that broke, small lesions."""
    own = {"jic": TYPES[2 + number % 2]}
    yield "late", hip(2, [DRILL, *REST], lesion=own, stage="III")
    yield "late cells", hip(2, [DRILL, *REST, CELLS], lesion=own, stage="III")
    angle = f"{50 + 20 * (number % 3)} deg"
    yield "small", hip(5, [], lesion={"necrotic_angle": angle})


def person(number: int) -> tuple[HipLuck, float, float]:
    """Return the luck of a person, even over all people, and own rate of damage and gain."""
    even = stats.qmc.Sobol(7, scramble=True, rng=np.random.default_rng(0)).random(1024)[number]
    normal = [float(v) for v in stats.norm.ppf(even[:3])]
    luck = HipLuck(*normal, float(even[3]), float(even[4]))
    damage = DAMAGE[0] * (DAMAGE[1] / DAMAGE[0]) ** float(even[5])
    return luck, damage, GAIN * float(even[6])


def followed(which: tuple[int, bool]) -> list[tuple[str, list[float]]]:
    """Return what becomes of one person in each row, in the order of :data:`COLUMNS`.

    Parameters
    ----------
    which
        The number of the person, and whether to follow the rows that no fit sees.
    """
    number, is_other = which
    luck, damage, gain = person(number)
    p = replace(
        printed(),
        damage_rate=damage / 86400.0,
        graft_gain=gain,
        filling=FILLING,
        fill_variation=FILL_SPREAD,
        resting=RESTING * YEAR,
    )
    beliefs, settings = Beliefs.printed(), Settings.model_validate({"voxel": VOXEL})
    own = [damage, gain, luck.fill_factor(p), luck.resting_time(p) / YEAR]
    found = []
    for row, case in (other_cases if is_other else cases)(number):
        check(case, beliefs, settings)
        streams = Streams(0).within("patient", number)
        days = follow(case, luck, streams, settings, p, beliefs)[:2]
        found.append((row, [*own, *days]))
    return found


def people() -> dict[str, dict[str, NDArray[np.float64]]]:
    """Return what was written: of each row the columns, (person,); days may be infinite."""
    rows: dict[str, list[list[float]]] = {}
    for line in PATH.read_text(encoding="utf-8").splitlines()[2:]:
        row, *values = line.split("\t")
        rows.setdefault(row, []).append([float(value) for value in values])
    return {
        row: dict(zip(COLUMNS, np.array(values).T, strict=True)) for row, values in rows.items()
    }


def followed_with() -> int:
    """Return the version of the stage that the people were followed with."""
    return int(PATH.read_text(encoding="utf-8").splitlines()[0].removeprefix(FIRST))


def main() -> None:
    """Follow people, two at a time, first what is fitted; all are written down at the end."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 128
    which = [(n, False) for n in range(count)] + [(n, True) for n in range(count // 2)]
    lines = [f"{FIRST}{VERSION}", "\t".join(("row", *COLUMNS))]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for number, found in enumerate(pool.map(followed, which), 1):
            lines += ["\t".join((row, *(f"{v:.5g}" for v in values))) for row, values in found]
            print(number, flush=True)
    with replacing(PATH) as part:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
