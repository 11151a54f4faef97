"""Test by simulation what public descriptions claim: ``python validation/claims.py``.

Writes what came out beside the ledger of claims, from where `trephine evidence claims` and the
page on it show it. A simulation tells what the laws of the program say, not what happens in
patients; a verdict stays that of the evidence. Courses are kept under runs/validation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keep
import numpy as np
import tomli_w
from keep import Outcome
from trial import INJECTION, NO_CELLS, PLAIN, Trial, held

from page import union_words
from trephine.case.case import Case, read
from trephine.case.prescription import Prescription
from trephine.cli.example import file
from trephine.cli.overrides import changed
from trephine.study.dose import Dose, dose, reached

RESULTS = Path(__file__).parents[1] / "src/trephine/catalogue/data/experiments/claims.toml"
SAMPLES = 10_000
DRAWS = (5, 7, 10, 20, 30)
GAPS = (4, 8, 12, 20)
DAYS_OF_DRUG = (0, 7, 28, 84)
SITES = ("posterior_iliac_crest", "proximal_tibia", "calcaneus", "vertebral_body")
SOFT, STIFF = 150, 3000
FIRST, SECOND = "plan.steps.3", "plan.steps.4"
"""Where the femur example has its concentrate and its cultured cells."""


@dataclass(frozen=True)
class Repeated(Trial):
    """A course whose one injection is given several times, each with its own draws.

    Parameters
    ----------
    days
        When [d].
    """

    days: tuple[int, ...] = (0,)

    def case(self) -> Case:
        """Return the case with its injections."""
        case = super().case()
        steps = case.plan.as_written()["steps"]
        (given,) = [step for step in steps if step["kind"] == "injection"]
        others = [step for step in steps if step["kind"] != "injection"]
        return case.with_plan(steps=[*others, *({**given, "day": f"{d} d"} for d in self.days)])


def _drawn(number: int) -> str:
    return f'{INJECTION}.harvest.draws=["{number} x 4 mL"]'


def _gap(width: float, *more: str) -> Trial:
    return Trial(example="femur-nonunion", sets=(f"site.gap.width={width} mm", *more))


CARRIED = (f"{FIRST}.deliver.carrier=demineralised_bone", f"{FIRST}.deliver.carrier_volume=3 mL")
ARMS: Mapping[str, tuple[str, ...]] = {
    "concentrate in its clot": (f"{SECOND}=",),
    "concentrate on demineralised bone": (*CARRIED, f"{SECOND}="),
    "concentrate, then cultured cells on demineralised bone": (),
}
TOTALS: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "one injection of 120 mL": (_drawn(30), (0,)),
    "two of 60 mL": (_drawn(15), (0, 28)),
    "three of 40 mL": (_drawn(10), (0, 28, 56)),
    "one of 40 mL": (_drawn(10), (0,)),
    "two of 40 mL": (_drawn(10), (0, 28)),
}
TRIALS: dict[object, Trial] = {
    **{("A2", n): Trial(sets=(PLAIN, _drawn(n))) for n in DRAWS},
    ("A3", "cells, soft"): Trial(sets=(PLAIN, *held(0.6, SOFT))),
    ("A3", "cells, stiff"): Trial(sets=(PLAIN, *held(0.6, STIFF))),
    ("A3", "none, soft"): Trial(sets=(PLAIN, *held(0.6, SOFT), NO_CELLS)),
    ("A3", "none, stiff"): Trial(sets=(PLAIN, *held(0.6, STIFF), NO_CELLS)),
    **{("A7", arm, gap): _gap(gap, *sets) for arm, sets in ARMS.items() for gap in GAPS},
    **{
        ("C11", days): Trial(sets=(PLAIN,), drugs=(("nsaid", float(days)),) if days else ())
        for days in DAYS_OF_DRUG
    },
    **{
        ("E5", name): Repeated(sets=(PLAIN, sets), days=days)
        for name, (sets, days) in TOTALS.items()
    },
}

Found = Mapping[object, Outcome]


def more_cells(found: Found) -> str:
    """Return what more cells bring (A2)."""
    told = [
        f"{sum(o['retained']):,.0f} progenitors from {4 * n} mL: union "
        f"{_week(o)}, callus {o['callus'][-1]:.1f} mL"
        for n in DRAWS
        for o in [found["A2", n]]
    ]
    return (
        "Tibia example without smoking. " + "; ".join(told) + ". Below a threshold nothing; above "
        "it ever less for every cell more. The threshold is fitted, its shape is not."
    )


def mechanics(found: Found) -> str:
    """Return what stiffness does without cells, and cells without stiffness (A3)."""
    told = [f"{name}: {_week(found['A3', name])}" for name in
            ("none, soft", "cells, soft", "none, stiff", "cells, stiff")]  # fmt: skip
    return (
        f"Tibia example at 0.6 body weights, held by {SOFT} or {STIFF:,} N/mm. "
        + "; ".join(told)
        + ". A non-union of the model lacks cells by construction: a stiffer fixation alone heals "
        "none of them, where published series of new nails and plates heal most. On this claim the "
        "model is no witness."
    )


def widest(found: Found) -> str:
    """Return which gaps each arm bridges (A7)."""
    told = []
    for arm in ARMS:
        united = [f"{gap} mm in {_week(found['A7', arm, gap])}" for gap in GAPS
                  if found["A7", arm, gap]["union"] is not None]  # fmt: skip
        told.append(f"{arm}: {', '.join(united) or 'none'}")
    return f"Femur example with gaps of {_and(GAPS)} mm. United: " + "; ".join(told) + "."


def drugs(found: Found) -> str:
    """Return what an anti-inflammatory drug does (C11)."""
    told = [f"{days} days: {_week(found['C11', days])}" for days in DAYS_OF_DRUG]
    return (
        "Tibia example without smoking, the drug from day 0 for "
        + "; ".join(told)
        + ". The size of the effect is assumed, only its direction is published."
    )


def repeated(found: Found) -> str:
    """Return what repeating does (E5)."""
    told = [
        f"{name}: {sum(o['retained']):,.0f} progenitors stay, {_week(o)}"
        for name in TOTALS
        for o in [found["E5", name]]
    ]
    return "Tibia example without smoking, four weeks apart. " + "; ".join(told) + "."


def by_site() -> str:
    """Return what each place of the body gives (C5)."""
    told = [
        f"{site.replace('_', ' ')} {_median(d.injections[0].pool.progenitors):,.0f}"
        for site in SITES
        for d in [_dose(f"{INJECTION}.harvest.bone={site}", _drawn(10))]
    ]
    return (
        "Progenitors in a pool of 10 draws of 4 mL, median: "
        + "; ".join(told)
        + ". Densities of places other than the crest are known in few donors."
    )


def in_one_draw() -> str:
    """Return what 60 mL bring in one draw and in many (C6)."""
    one = _dose(f'{INJECTION}.harvest.draws=["1 x 60 mL"]', f"{INJECTION}.harvest.syringe=60 mL")
    many = _dose(f'{INJECTION}.harvest.draws=["15 x 4 mL"]')
    return (
        "; ".join(
            f"{name}: {_median(d.at('lesion').progenitors):,.0f} progenitors reach the lesion, "
            f"{100 * _share(d, 30_000):.0f} % of donors bring 30,000"
            for name, d in (("60 mL in one draw", one), ("60 mL in 15 draws of 4 mL", many))
        )
        + ". Whether 60 mL are enough is a question of how they are drawn."
    )


def purified() -> str:
    """Return what the spin enriches (C7)."""
    spun = _dose()
    plain = _dose(f"{INJECTION}.process={{method='none'}}")
    return (
        f"Progenitors per million nucleated cells: {_purity(plain):.1f} unspun, "
        f"{_purity(spun):.1f} spun, at {_density(spun) / _density(plain):.1f} times the "
        "progenitors per millilitre. The spin makes the marrow denser, hardly purer."
    )


def rich() -> str:
    """Return how many of the cells are progenitors (D1)."""
    treated = _dose().injections[0]
    share = 1e6 * treated.pool.progenitors / treated.pool.nucleated
    low, high = np.quantile(share, (0.05, 0.95))
    return (
        f"{_median(share):.1f} colony-forming progenitors per million nucleated cells of the "
        f"aspirate, 90 % of donors between {low:.1f} and {high:.1f}."
    )


def fast() -> str:
    """Return what force and time of the spin do (D4)."""
    told = []
    for force, minutes in ((100, 10), (400, 10), (1200, 10), (3000, 10)):
        process = (
            f"{{method='centrifuge', product_volume='15 mL', "
            f"spin={{g={force}, duration='{minutes} min', column='8 cm'}}}}"
        )
        treated = _dose(f"{INJECTION}.process={process}").injections[0]
        product = treated.at["product"]
        kept = product.progenitors / treated.pool.progenitors
        told.append(f"{force:,} g for {minutes} min keeps {100 * _median(kept):.0f} %")
    return (
        "Of the progenitors, spun in an open tube and the top of the red bed taken: "
        + "; ".join(told)
        + ". Beyond some 1,000 g more force brings nothing more."
    )


def unspun() -> str:
    """Return what a small draw brings that is put back unspun (E1)."""
    small = _dose(
        f'{INJECTION}.harvest.draws=["1 x 10 mL"]',
        f"{INJECTION}.process={{method='none'}}",
        f"{INJECTION}.deliver.volume=10 mL",
        f"{INJECTION}.harvest.anticoagulant=1 mL",
    )
    brought = small.at("lesion").progenitors
    low, high = np.quantile(brought, (0.05, 0.95))
    return (
        f"{_median(brought):,.0f} progenitors reach the lesion, 90 % of donors between {low:,.0f} "
        f"and {high:,.0f}; {100 * _share(small, 20_000):.1f} % of donors bring 20,000."
    )


def _dose(*sets: str) -> Dose:
    case = changed(read(str(file("tibia-nonunion"))), (PLAIN, *sets), "the tibia example")
    return dose(case, count=SAMPLES)


def _purity(found: Dose) -> float:
    product = found.at("product")
    return _median(1e6 * product.progenitors / product.nucleated)


def _density(found: Dose) -> float:
    product = found.at("product")
    return _median(product.progenitors / product.volume)


def _share(found: Dose, least: float) -> float:
    wanted = Prescription(progenitors=least)
    return float(reached(wanted, found.at("lesion"), found.count).mean())


def _median(values: Any) -> float:  # noqa: ANN401  (a number or an array)
    return float(np.median(values))


def _week(outcome: Outcome) -> str:
    said = union_words(outcome)
    return "no union" if said == "none" else f"week {said}"


def _and(numbers: Sequence[float]) -> str:
    return ", ".join(f"{n:g}" for n in numbers[:-1]) + f" and {numbers[-1]:g}"


COURSES: Mapping[str, Callable[[Found], str]] = {
    "A2": more_cells, "A3": mechanics, "A7": widest, "C11": drugs, "E5": repeated,
}  # fmt: skip
DOSES: Mapping[str, Callable[[], str]] = {
    "C5": by_site, "C6": in_one_draw, "C7": purified, "D1": rich, "D4": fast, "E1": unspun,
}  # fmt: skip


def main() -> None:
    """Run every experiment, then write what came out."""
    results = {key: {"result": told()} for key, told in DOSES.items()}
    for key, said in results.items():
        print(f"{key}: {said['result']}", flush=True)
    found = keep.outcomes(TRIALS)
    results |= {key: {"result": told(found)} for key, told in COURSES.items()}
    RESULTS.parent.mkdir(exist_ok=True)
    head = "# What simulations of claims gave; written by validation/claims.py.\n\n"
    ordered = {key: results[key] for key in sorted(results)}
    RESULTS.write_text(head + tomli_w.dumps(ordered), encoding="utf-8")
    for key in COURSES:
        print(f"{key}: {results[key]['result']}")


if __name__ == "__main__":
    main()
