"""The dose chain beside a plain loop through the stages, patient by patient: time, memory, error.

``python benchmarks/dose_chain.py`` prints the section of docs/reference/benchmarks.md, ``--write``
puts it there.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from page import prose, publish, table, targets, verdict
from process import Found, alone, asked_for, seconds

Numbers = dict[str, Any]
LOOPED = 300
"""Patients of the plain loop; a million would take hours."""
MANY, SOME = 1_000_000, 10_000
CORES = 2


def case():  # noqa: ANN201  (imported where it is measured)
    from trephine.case.case import Case, read  # noqa: PLC0415
    from trephine.cli.example import file  # noqa: PLC0415

    written = read(str(file("femur-nonunion"))).as_written()
    first = next(step for step in written["plan"]["steps"] if step["kind"] == "injection")
    first["process"]["product_volume"] = "20 mL"  # which packs whatever the luck
    return Case.model_validate(written)


def draws() -> Found:
    """Time ten thousand draws of the whole chain, started."""
    from trephine.study.dose import dose  # noqa: PLC0415

    asked = case()
    dose(asked, count=100)
    return {"took": seconds(lambda: dose(asked, count=SOME), least=3, during=1.0)}


def donors(workers: str) -> Found:
    """Time a million virtual donors."""
    from trephine.study.population import screen  # noqa: PLC0415

    begin = time.perf_counter()
    found = screen(case(), count=MANY, workers=int(workers))
    return {"took": time.perf_counter() - begin, "sum": float(found.progenitors.sum())}


def looped() -> Found:
    """Time a plain loop through the stages, and how far the chain is from it for the same luck."""
    import numpy as np  # noqa: PLC0415

    from trephine.catalogue.load import catalogue  # noqa: PLC0415
    from trephine.core.rng import Streams  # noqa: PLC0415
    from trephine.models.aspiration import draw_donor  # noqa: PLC0415
    from trephine.models.dose_beliefs import STAGES, DoseBeliefs  # noqa: PLC0415
    from trephine.models.injection import delivered  # noqa: PLC0415
    from trephine.models.placement import room  # noqa: PLC0415
    from trephine.models.reading import Reading  # noqa: PLC0415
    from trephine.stages import harvest, process  # noqa: PLC0415
    from trephine.study.chain import Luck, chain, named  # noqa: PLC0415
    from trephine.study.dose import reaches  # noqa: PLC0415

    asked = case()
    injections, reach = asked.plan.injections, reaches(asked)

    def numbers(streams: Streams) -> Numbers:
        """Return every number once from its spread."""
        reading = Reading(catalogue(), streams.within("record").named)
        return {name: reading.fill(kind) for name, kind in STAGES.items()}

    def patient(streams: Streams, p: Numbers) -> list[float]:
        """Return what stays of each injection, stage by stage, one patient alone."""
        donor = draw_donor(p["harvest"], streams.named("donor"))
        stays = []
        for own, step, there in zip(named(injections, streams), injections, reach, strict=True):
            aspirate = harvest.harvest(
                patient=asked.patient,
                plan=step.harvest,
                p=p["harvest"],
                donor=donor,
                rng=own.named("needle"),
                clot=float(own.named("clot").standard_normal()),
            )
            made = process.process(
                aspirate=aspirate, plan=step.process, p=p["process"], rng=own.named("device")
            )
            free = float(room(there, p["deliver"].accessible))
            brought = delivered(made.product, step.deliver, free, p["deliver"], step.waiting)
            stays.append(float(brought.progenitors))
        return stays

    families = [Streams(7).within("patient", number) for number in range(LOOPED)]
    same = numbers(families[0])
    patient(families[0], same)
    begin = time.perf_counter()
    plain = np.array([patient(family, numbers(family)) for family in families])
    took = time.perf_counter() - begin
    begin = time.perf_counter()
    for family in families:
        patient(family, same)
    lucky = time.perf_counter() - begin
    told = []
    for family in families[:50]:
        p = DoseBeliefs.draw(family.within("record"), 1)
        one = chain(asked.patient, injections, reach, p, Luck.of(injections, family, 1))
        told.append([float(t.at["stays"].progenitors[0]) for t in one])
    error = float(np.max(np.abs(np.array(told) / plain[:50] - 1.0)))
    return {"each": took / LOOPED, "lucky": lucky / LOOPED, "error": error}


def answered() -> float:
    """Return the wall time of the command from start to end [s], the least of five."""
    from trephine.cli.example import file  # noqa: PLC0415

    command = [str(Path(sys.executable).with_name("trephine")), "dose", str(file("femur-nonunion"))]
    asked = [*command, "--prescription", "30,000 progenitors in the lesion (Paris assay)"]

    def call() -> None:
        subprocess.run(asked, check=True, capture_output=True)  # noqa: S603  (our own command)

    return seconds(call, least=5, during=0.0)


def section() -> str:
    """Return the section of the page."""
    loop, ten = alone(__file__, "looped"), alone(__file__, "draws")
    single, double = (alone(__file__, "donors", str(workers)) for workers in (1, CORES))
    started = answered()
    whole, lucky = loop["each"] * MANY, loop["lucky"] * MANY
    rows = [
        ("plain loop through the stages, a patient at a time", f"{LOOPED}",
         f"{loop['each'] * LOOPED:.2f}", f"{loop['each'] * 1e6:.0f}", f"{loop['peak_MB']:.0f}",
         "reference"),
        ("the same, one set of numbers for all", f"{LOOPED}", f"{loop['lucky'] * LOOPED:.2f}",
         f"{loop['lucky'] * 1e6:.0f}", "", ""),
        ("chain, the funnel kept", f"{SOME:,}", f"{ten['took']:.2f}",
         f"{ten['took'] / SOME * 1e6:.1f}", f"{ten['peak_MB']:.0f}", f"{loop['error']:.1e}"),
        ("chain, virtual donors, 1 thread", f"{MANY:,}", f"{single['took']:.1f}",
         f"{single['took'] / MANY * 1e6:.1f}", f"{single['peak_MB']:.0f}", ""),
        (f"chain, virtual donors, {CORES} threads", f"{MANY:,}", f"{double['took']:.1f}",
         f"{double['took'] / MANY * 1e6:.1f}", f"{double['peak_MB']:.0f}",
         "same numbers" if single["sum"] == double["sum"] else "**other numbers**"),
    ]  # fmt: skip
    return "\n\n".join(
        [
            "## The dose",
            prose(f"""
                The worked example with 20 mL of marrow concentrate, and its cultured cells,
                from the needle to what stays in the lesion; every sample draws all
                luck and every number that states a
                spread. The peer is a plain loop that takes one patient after another through the
                stages as a run does, without placing cells on voxels; a million patients would
                take it {whole / 60:.0f} minutes, and {lucky / 60:.0f} if all had the same
                numbers and only luck were drawn. The error is the largest relative difference of
                what stays, the chain against the loop with the same luck. The last target is the
                whole command from start to end, funnel, drivers and chance, the least of five.
            """),
            table(
                ("what", "samples", "time (s)", "per sample (µs)", "peak memory (MB)", "error"),
                rows,
            ),
            targets(
                (
                    verdict("10,000 draws, started (s)", ten["took"], 1.0, at_most=True),
                    verdict("a million virtual donors (s)", double["took"], 20.0, at_most=True),
                    verdict("their memory (MB)", double["peak_MB"], 2048.0, at_most=True),
                    verdict("error against the stages", loop["error"], 1e-12, at_most=True),
                    verdict(
                        "faster than the loop with one set of numbers", lucky / single["took"], 50.0
                    ),
                    verdict("trephine dose, whole answer (s)", started, 3.0, at_most=True),
                )
            ),
        ]
    )


PARTS = {"draws": draws, "donors": donors, "looped": looped}

if __name__ == "__main__" and not asked_for(PARTS):
    publish("dose", section)
