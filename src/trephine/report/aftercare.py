"""The sheet of aftercare as one page to print."""

from __future__ import annotations

from pathlib import Path

from trephine.catalogue.aftercare import PHASES
from trephine.catalogue.load import catalogue
from trephine.report.page import environment
from trephine.store.files import replacing
from trephine.study.aftercare import GROUNDS, NO_ADVICE, Sheet
from trephine.study.aftercare_plan import Line


def html(sheet: Sheet) -> str:
    """Return the whole page; it needs nothing else."""
    sources = list(dict.fromkeys(key for line in sheet.lines for key in line.sources))
    number = {key: place for place, key in enumerate(sources, start=1)}
    known = catalogue().sources
    words = {
        "title": sheet.name,
        "not_advice": NO_ADVICE,
        "parts": [
            {
                "title": title,
                "lines": [
                    {
                        "when": sheet.dated(line),
                        "text": line.text,
                        "grade": line.grade,
                        "sources": [number[key] for key in line.sources],
                        "access": line.access,
                        "grounds": said(line),
                    }
                    for line in sheet.of(phase)
                ],
            }
            for phase, title in PHASES.items()
            if sheet.of(phase)
        ],
        "gaps": sheet.gaps,
        "is_dated": sheet.start is not None,
        "grounds": [
            (mark, meaning)
            for mark, meaning in GROUNDS.items()
            if any(line.grade == mark for line in sheet.lines)
        ],
        "sources": [(number[key], known[key].title, known[key].where) for key in sources],
    }
    return environment().get_template("aftercare.html").render(words)


def said(line: Line) -> str:
    """Return the grounds of a line in words, for those who cannot look a mark up."""
    return "; ".join(part for part in (GROUNDS[line.grade], line.access) if part)


def write(sheet: Sheet, folder: Path) -> Path:
    """Write ``aftercare.html`` into a folder, which is made where it is not there, return it."""
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "aftercare.html"
    with replacing(page) as part:
        part.write_text(html(sheet), encoding="utf-8")
    return page
