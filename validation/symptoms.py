"""Print each study of symptoms beside what a fit without it expects, and keep it for the scorecard.

With ``--fit`` all is fitted anew first: what ships, and the fits without some of the studies.
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import symptom_scores
import tomli_w

from trephine.catalogue.load import catalogue
from trephine.catalogue.symptom_posterior import FOLDER, SymptomPosterior, packed, symptom_posterior
from trephine.models.symptom_layout import PRODUCTS
from trephine.study.symptom_arms import evidence
from trephine.study.symptom_evidence import Evidence
from trephine.study.symptom_fit import Sampling, checked, fit, laws_of, only_randomised
from trephine.study.symptom_left_out import (
    Expected,
    coverage,
    expected,
    folds,
    interval_score,
    parted,
)

DATA = Path(__file__).parents[1] / "src" / "trephine" / "catalogue" / "data" / FOLDER
FOLDS = 4
"""Fits without some of the studies, so that each study is foretold by one that never saw it."""


def refit() -> None:
    """Sample the posterior, refuse it if badly sampled, and write it into the catalogue."""
    laws = laws_of(catalogue())
    every = evidence("calibrate", laws)
    parts = [parted(every, studies) for studies in folds(every, FOLDS)]
    told = [every, only_randomised(every), *(rest for rest, _ in parts)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        fits = pool.map(sampled, told)
        data, table = packed(next(fits))
        table["randomised_only"] = knee_benefits(next(fits))
        write(data, table)
        table["left_out"] = [
            asdict(one)
            for (_, theirs), without in zip(parts, fits, strict=True)
            for one in expected(theirs, without, laws)
        ]
    write(data, table)


def write(data: bytes, table: dict[str, Any]) -> None:
    """Write draws, and what they hold and rest on, into the catalogue."""
    DATA.mkdir(exist_ok=True)
    (DATA / "draws.npz").write_bytes(data)
    (DATA / "table.toml").write_text(
        "# Made by 'make symptoms'; what draws.npz holds and rests on.\n\n" + tomli_w.dumps(table),
        encoding="utf-8",
    )


def sampled(told: Evidence) -> SymptomPosterior:
    """Return a posterior of some evidence; raises SolverError where it was sampled badly."""
    began = time.perf_counter()
    found = checked(fit(told, Sampling()))
    shown = {key: round(value, 4) for key, value in found.diagnostics.items()}
    print(f"{time.perf_counter() - began:.0f} s, {shown}", flush=True)
    return found


def knee_benefits(found: SymptomPosterior) -> dict[str, list[float]]:
    """Return the benefit over saline in the knee by product: 5 %, middle and 95 % [points]."""
    return {
        str(product): [
            round(float(q), 2)
            for q in np.quantile(found.draws["benefit_of"][:, 0, place], (0.05, 0.5, 0.95))
        ]
        for place, product in enumerate(PRODUCTS)
    }


def left_out() -> list[Expected]:
    """Return every published number beside what a fit without its study expected, as shipped."""
    told = tomllib.loads((DATA / "table.toml").read_text(encoding="utf-8"))
    return [Expected(**one) for one in told["left_out"]]


def markdown(table: list[Expected]) -> str:
    """Return the numbers as a table of the documentation, with their coverage."""
    lines = [
        "| study | site | treatment | score | day | published | expected | 90 % | inside |",
        "| --- | --- | --- | --- | ---: | ---: | ---: | --- | --- |",
    ]
    for one in table:
        unit = " %" if one.kind == "improvement" else ""
        what = f"{one.score}, difference" if one.kind == "contrast" else one.score
        alone = "" if one.randomised else ", alone"
        lines.append(
            f"| {one.study} | {one.site} | {one.product}{alone} | {what} | {one.day:.0f} | "
            f"{one.published:+.1f}{unit} | {one.median:+.1f}{unit} | "
            f"{one.low:+.1f} to {one.high:+.1f} | {'yes' if one.is_inside else 'no'} |"
        )
    by_chance = [one for one in table if one.randomised]
    inside = (
        f"{coverage(table):.0%} of {len(table)} values lie within the 90 % interval of a fit "
        "without their study; "
        f"of randomised studies {coverage(by_chance):.0%} of {len(by_chance)}. Weighted interval "
        f"score of changes and differences {interval_score(table):.2f} points, of randomised "
        f"studies {interval_score(by_chance):.2f}."
    )
    return "\n".join([*lines, "", inside])


def main(arguments: list[str]) -> None:
    """Run the command line of this script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="fit anew before anything is printed")
    if parser.parse_args(arguments).fit:
        refit()
    print(f"posterior {symptom_posterior().digest[:12]}")
    table = left_out()
    print(markdown(table))
    symptom_scores.draw(table)
    print(symptom_scores.keep_scores(table))


if __name__ == "__main__":
    main(sys.argv[1:])
