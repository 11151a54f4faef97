"""``trephine check``: whether what was measured in a real procedure can be."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from trephine.core.errors import InputError, Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trephine.models.findings import Finding


def check(
    counts: Annotated[
        Path, typer.Argument(metavar="COUNTS.toml", help="What was measured in one procedure.")
    ],
    is_json_wanted: Annotated[
        bool, typer.Option("--json", help="Print the findings as JSON.")
    ] = False,
) -> None:
    """Check volumes, counts, times and identities of a real procedure against each other.

    A number is doubtful where an error of counting explains it or nothing published is like it,
    and impossible where no error does; then the exit status is 2. A check whose numbers were not
    measured says which it needs.
    """
    from trephine.case.measurement import read
    from trephine.catalogue.load import catalogue
    from trephine.cli.paper import paper, table
    from trephine.models.findings import PlausibilityParameters
    from trephine.models.plausibility import checked
    from trephine.models.reading import Reading

    noted, bounds = read(counts), Reading(catalogue()).fill(PlausibilityParameters)
    device, known = noted.processing.device, bounds.separation.devices
    if device is not None and device not in known:
        hint = f"{did_you_mean(device, known)}; leave it out where yours is not in the catalogue"
        raise InputError(
            f"{counts.name} is not a valid measurement",
            [Problem("processing.device", f"'{device}' is unknown; {hint}")],
        )
    findings = checked(noted, bounds)
    if all(finding.verdict == "unchecked" for finding in findings):
        raise InputError(
            f"{counts.name} holds nothing that can be checked; write for example pool.volume and "
            "product.volume"
        )
    if is_json_wanted:
        typer.echo(json.dumps([asdict(f) for f in findings], indent=2, ensure_ascii=False))
    else:
        rows = table("Check", "Verdict", "Found", "Expected")
        for finding in findings:
            rows.add_row(finding.check, finding.verdict, finding.found, finding.expected)
        paper().print(rows)
        typer.echo(summary(findings))
    wrong = [
        Problem(", ".join(f.places), f"{f.check}: {f.found}; expected {f.expected}")
        for f in findings
        if f.verdict == "impossible"
    ]
    if wrong:
        raise InputError(f"{counts.name} holds what cannot be", wrong)


def summary(findings: Sequence[Finding]) -> str:
    """Return in one line what came of all checks, and what to look at again."""
    from trephine.models.findings import Verdict

    found = Counter(finding.verdict for finding in findings)
    words = ", ".join(f"{found[v]} {v}" for v in get_args(Verdict) if found[v])
    again = [finding.check for finding in findings if finding.verdict == "doubtful"]
    return f"{len(findings)} checks: {words}." + (
        f" Look again: {'; '.join(again)}." if again else ""
    )
