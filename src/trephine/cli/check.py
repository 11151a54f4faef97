"""``trephine check``: whether what was measured in a real procedure can be."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from trephine.core.errors import InputError, Problem


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

    findings = checked(read(counts), Reading(catalogue()).fill(PlausibilityParameters))
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
    wrong = [
        Problem(", ".join(f.places), f"{f.check}: {f.found}; expected {f.expected}")
        for f in findings
        if f.verdict == "impossible"
    ]
    if wrong:
        raise InputError(f"{counts.name} holds what cannot be", wrong)
