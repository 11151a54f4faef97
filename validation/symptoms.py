"""Fit what is known of symptoms anew, and print the held-out arms beside what the fit expects."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import tomli_w

from trephine.catalogue.load import catalogue
from trephine.catalogue.symptom_posterior import FOLDER, SymptomPosterior, packed, symptom_posterior
from trephine.models.symptom_layout import PRODUCTS
from trephine.study.symptom_arms import evidence
from trephine.study.symptom_fit import Sampling, checked, fit, laws_of, only_randomised
from trephine.study.symptom_holdout import Expected, coverage, expected

DATA = Path(__file__).parents[1] / "src" / "trephine" / "catalogue" / "data" / FOLDER


def refit() -> None:
    """Sample the posterior, refuse it if badly sampled, and write it into the catalogue."""
    began = time.perf_counter()
    found = checked(fit(sampling=Sampling()))
    laws = laws_of(catalogue())
    randomised = checked(fit(only_randomised(evidence("calibrate", laws)), Sampling()))
    took = time.perf_counter() - began
    print(f"sampled in {took:.0f} s: {dict(found.diagnostics)}")
    data, table = packed(found)
    table["randomised_only"] = knee_benefits(randomised)
    DATA.mkdir(exist_ok=True)
    (DATA / "draws.npz").write_bytes(data)
    (DATA / "table.toml").write_text(
        "# Made by 'make symptoms'; what draws.npz holds and rests on.\n\n" + tomli_w.dumps(table),
        encoding="utf-8",
    )
    print(f"{DATA / 'symptoms.npz'}: {len(data)} bytes, digest {table['digest'][:12]}")


def knee_benefits(found: SymptomPosterior) -> dict[str, list[float]]:
    """Return the benefit over saline in the knee by product: 5 %, middle and 95 % [points]."""
    return {
        str(product): [
            round(float(q), 2)
            for q in np.quantile(found.draws["benefit_of"][:, 0, place], (0.05, 0.5, 0.95))
        ]
        for place, product in enumerate(PRODUCTS)
    }


def held_out() -> list[Expected]:
    """Return every held-out number beside what the shipped posterior expects."""
    laws = laws_of(catalogue())
    return expected(evidence("holdout", laws), symptom_posterior(), laws)


def markdown(table: list[Expected]) -> str:
    """Return the held-out numbers as a table of the documentation, with their coverage."""
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
        f"{coverage(table):.0%} of {len(table)} held-out values lie within the interval of 90 %; "
        f"of randomised studies {coverage(by_chance):.0%} of {len(by_chance)}."
    )
    return "\n".join([*lines, "", inside])


def main(arguments: list[str]) -> None:
    """Run the command line of this script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="fit anew before anything is printed")
    if parser.parse_args(arguments).fit:
        refit()
    print(f"posterior {symptom_posterior().digest[:12]}")
    print(markdown(held_out()))


if __name__ == "__main__":
    main(sys.argv[1:])
