"""The page of measurements: each subject writes its own section, the others stay."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "benchmarks.md"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def prose(text: str) -> str:
    """Return a paragraph on one line."""
    return " ".join(text.split())


def verdict(name: str, value: float, limit: float, *, at_most: bool = False) -> tuple[str, ...]:
    """Return the row of a target: what, measured, wanted, and whether it is met."""
    met = value <= limit if at_most else value >= limit
    return (name, f"{value:.3g}", f"{'at most' if at_most else 'at least'} {limit:g}", _word(met))


def _word(met: bool) -> str:  # noqa: FBT001  (the word for a truth)
    return "met" if met else "**missed**"


def targets(rows: Sequence[Sequence[str]]) -> str:
    """Return the table of the targets of a subject."""
    return table(("target", "measured", "wanted", ""), rows)


def machine() -> str:
    """Return what the measurements ran on, in words, and how busy it was."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"model name\s*: (.*)", info.read_text(encoding="utf-8"))
        name = found.group(1) if found else name
    busy = os.getloadavg()[0]
    return f"{os.cpu_count()} cores ({name}); load of the machine at the end {busy:.1f}"


def publish(subject: str, section: Callable[[], str]) -> None:
    """Print a section, and with ``--write`` put it between its marks on the page."""
    text = f"{section()}\n\nMeasured on {machine()}.\n"
    print(text)
    if "--write" not in sys.argv:
        return
    begin, end = f"<!-- {subject}: begin -->", f"<!-- {subject}: end -->"
    page = PAGE.read_text(encoding="utf-8")
    before, mark, rest = page.partition(begin)
    _, closing, after = rest.partition(end)
    if not (mark and closing):
        raise SystemExit(f"{PAGE} has no place for the section {subject}")
    PAGE.write_text(f"{before}{begin}\n{text}{end}{after}", encoding="utf-8")
