"""Write the reference pages that are made from code and catalogue, so that they cannot go stale."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import cell_pages
import evidence_pages
import healing_terms
import safety_pages
import typer
from pydantic.fields import FieldInfo

from trephine.case.case import Case
from trephine.case.document import Document
from trephine.case.kinds import KINDS, part
from trephine.case.measurement import Measurement
from trephine.case.settings import PRESETS, Settings
from trephine.catalogue.load import Catalogue, catalogue
from trephine.catalogue.records import Record
from trephine.cli.main import app
from trephine.core.units import Unit, kind_of

REFERENCE = Path(__file__).parent / "reference"
MADE = "<!-- Made by `make pages` from {source}; edit that, not this. -->\n"


def pages() -> dict[Path, str]:
    """Return the text of every generated page by its path."""
    return {
        REFERENCE / "case-file.md": "\n".join(case_file()) + "\n",
        REFERENCE / "catalogue.md": "\n".join(catalogue_page()) + "\n",
        REFERENCE / "measurements.md": "\n".join(measurements()) + "\n",
        REFERENCE / "command-line.md": "\n".join(command_line()) + "\n",
        REFERENCE / "terms.md": "\n".join(terms()) + "\n",
        **cell_pages.pages(table),
        **{REFERENCE / path: text for path, text in safety_pages.pages(MADE, table).items()},
        **{REFERENCE / path: text for path, text in evidence_pages.pages(MADE, table).items()},
    }


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the lines of a table, and an empty line after it."""
    head = list(head)
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |"
    yield ""


def prose(text: str) -> str:
    """Return the text of a docstring as Markdown, without the SI units of the inside."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    text = re.sub(r" \[[^\]]*\]", "", text)
    return re.sub(r"\s+", " ", text.replace("``", "`")).strip()


# The case file


def case_file() -> Iterator[str]:
    """Yield the page on the case file: every table with its keys, units and defaults."""
    yield "# The case file\n"
    yield MADE.format(source="the document classes in `src/trephine/case/`")
    yield (
        "A case is one TOML file: the patient, the site and the plan. Every number carries its "
        'unit (`"4 mL"`); a bare `4` is refused unless the value is a plain number. Unknown keys '
        "are refused. A decimal comma is refused. `trephine schema` prints the same as JSON "
        "Schema; `trephine example` lists whole files to start from.\n"
    )
    yield "## The top of the file\n"
    seen: set[type[Document]] = set()
    yield from document(Case, "", seen=seen, is_titled=False)
    for kind in KINDS[1:]:
        names = " or ".join(f"`{name}`" for name in kind.names)
        yield f"## A case whose site is of kind {names}\n"
        yield from document(part(kind.document), "", seen=seen, is_titled=False)
    yield "## Numerics\n"
    yield (
        "Not part of the case: `trephine run --quality` chooses one of "
        + ", ".join(f"`{name}` (voxel {edge})" for name, edge in PRESETS.items())
        + "; in Python `Settings.preset(...)`.\n"
    )
    yield from document(Settings, "Settings", seen=set(), is_titled=False)


def measurements() -> Iterator[str]:
    """Yield the page on the file of measurements."""
    yield "# The file of measurements\n"
    yield MADE.format(source="the document classes in `src/trephine/case/measurement.py`")
    yield (
        "One TOML file for what was measured in one real procedure; `trephine check` reads it, and "
        "[check a procedure](../how-to/check-a-procedure.md) shows a whole one. Every key is "
        "optional. Every number carries its unit; what cannot be, such as a volume below zero, is "
        "read and then told by the check.\n"
    )
    yield "## The top of the file\n"
    yield from document(Measurement, "", seen=set(), is_titled=False)


def document(
    kind: type[Document], where: str, seen: set[type[Document]], *, is_titled: bool = True
) -> Iterator[str]:
    """Yield the section on a document class and on every class inside it."""
    if kind in seen:
        return
    seen.add(kind)
    about = told(kind)[0]
    lines = [base for base in reversed(kind.mro()) if issubclass(base, Document)]
    meanings = {name: words for base in lines for name, words in told(base)[1].items()}
    if is_titled:
        yield f"## {kind.__name__}: `{where}`\n"
    yield about + "\n"
    rows = []
    inner = []
    for name, field in kind.model_fields.items():
        members = documents_in(field.annotation)
        rows.append((f"`{name}`", meanings.get(name, ""), accepted(field, members), default(field)))
        path = f"{where}.{name}" if where else name
        inner.extend((member, path) for member in members)
    yield from table(("key", "meaning", "write", "default"), rows)
    for member, path in inner:
        yield from document(member, path, seen)


def told(kind: type[Document]) -> tuple[str, dict[str, str]]:
    """Return what a class's docstring says in all, and of each parameter."""
    text = inspect.getdoc(kind) or ""
    about, _, rest = text.partition("Parameters\n----------\n")
    meanings: dict[str, str] = {}
    names: list[str] = []
    for line in rest.splitlines():
        if line and not line.startswith(" "):
            names = [name.strip() for name in line.split(",")]
        elif names:
            for name in names:
                meanings[name] = prose(f"{meanings.get(name, '')} {line}")
    return prose(about), meanings


def documents_in(hint: Any) -> list[type[Document]]:  # noqa: ANN401
    """Return the document classes that an annotation holds, in their order."""
    if isinstance(hint, type) and issubclass(hint, Document):
        return [hint]
    return [found for part in typing.get_args(hint) for found in documents_in(part)]


def accepted(field: FieldInfo, members: list[type[Document]]) -> str:
    """Return in words what may be written for a field."""
    if members:
        many = "list of tables" if is_list(field.annotation) else "table"
        return f"{many}: " + " or ".join(member.__name__ for member in members)
    unit = next(units_in((field.annotation, *field.metadata)), None)
    if unit is not None:
        kind, example = kind_of(unit.si, unit.shown)
        bounds = "".join(
            f", {word} {unit.about(bound)}"
            for word, bound in (("≥", unit.ge), (">", unit.gt), ("≤", unit.le))
            if bound is not None and not (word == ">" and bound == 0)
        )
        plain = "list of " if is_list(field.annotation) else ""
        kind = kind.split(maxsplit=1)[1] if plain else kind
        return f"{plain}{kind}, for example `{example}`{bounds}"
    choices = [c for hint in flat(field.annotation) for c in literals(hint)]
    if choices:
        return " or ".join(f"`{c}`" for c in choices)
    moment = "date and time, for example `2026-05-11T08:30:00`"
    names = {str: "text", bool: "`true` or `false`", int: "a whole number", datetime: moment}
    many = "list: " if is_list(field.annotation) else ""
    return next((many + names[h] for h in flat(field.annotation) if h in names), "")


def flat(hint: Any) -> list[Any]:  # noqa: ANN401
    """Return an annotation and all its parts."""
    return [hint, *(part for arg in typing.get_args(hint) for part in flat(arg))]


def literals(hint: Any) -> tuple[Any, ...]:  # noqa: ANN401
    """Return the choices of a Literal."""
    return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()


def units_in(hints: Iterable[Any]) -> Iterator[Unit]:
    """Yield the units that annotate a hint, however deep."""
    for hint in hints:
        if isinstance(hint, Unit):
            yield hint
        yield from units_in(getattr(hint, "__metadata__", ()))
        yield from units_in(a for a in typing.get_args(hint) if not isinstance(a, str))


def is_list(hint: Any) -> bool:  # noqa: ANN401
    """Return whether an annotation is a list."""
    origin = typing.get_origin(hint)
    return origin is list or (
        origin is types.UnionType and any(map(is_list, typing.get_args(hint)))
    )


def default(field: FieldInfo) -> str:
    """Return a field's default as a person would write it."""
    if field.is_required():
        return "needed"
    if field.default_factory is not None:
        made = field.get_default(call_default_factory=True)
        return "none" if made == [] else "its defaults"
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value != "" else "empty"


# The command line


def command_line() -> Iterator[str]:
    """Yield the page on the commands and their options."""
    group: Any = typer.main.get_command(app)
    yield "# The command line\n"
    yield MADE.format(source="`src/trephine/cli/`")
    yield (
        "Results go to standard output, progress and errors to standard error. Exit status: 0 "
        "done, 1 the run failed, 2 bad input, 130 interrupted. Bad input is one message with every "
        "problem, its place and what would be accepted.\n"
    )
    for name, command in group.commands.items():
        arguments = [p for p in command.params if not p.opts[0].startswith("-")]
        words = [p.metavar or p.name for p in arguments]
        shown = [w if p.required else f"[{w}]" for w, p in zip(words, arguments, strict=True)]
        yield f"## trephine {name}\n"
        yield prose(command.help) + "\n"
        yield "```console\ntrephine " + " ".join([name, *shown, "[OPTIONS]"]) + "\n```\n"
        rows = [(f"`{spelt(p)}`", prose(p.help or ""), preset(p)) for p in command.params]
        if rows:
            yield from table(("word", "meaning", "default"), rows)


def spelt(parameter: Any) -> str:  # noqa: ANN401
    """Return how a parameter is written."""
    names = ", ".join(parameter.opts)
    annotation = parameter.type_descriptor.annotation
    choices = [str(c) for hint in flat(annotation) for c in literals(hint)]
    if not parameter.opts[0].startswith("-"):
        return str(parameter.metavar or parameter.name)
    if annotation is bool:
        return names
    return f"{names} {parameter.metavar or '|'.join(choices) or 'VALUE'}"


def preset(parameter: Any) -> str:  # noqa: ANN401
    """Return a parameter's default in words."""
    if parameter.required:
        return "needed"
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    if parameter.default in (None, (), []) or parameter.default is False:
        return ""
    return f"`{parameter.default}`"


# The catalogue


def catalogue_page() -> Iterator[str]:
    """Yield the page on every record and every source."""
    facts = catalogue()
    unread, chosen = len(facts.provisional), len(facts.chosen)
    confirmed = len(facts.records) - unread - chosen
    yield "# The catalogue\n"
    yield MADE.format(source="`src/trephine/catalogue/data/`")
    yield (
        f"{len(facts.records)} records from {len(facts.sources)} sources; a second reader has "
        f"typed {confirmed} of them again without sight of the first entry. {chosen} are choices "
        f"that no source prints (◇): assumptions, with nothing to read twice. The other {unread} "
        "are provisional (○). What the columns mean: "
        "[evidence and catalogue](../explanation/evidence-and-catalogue.md).\n"
    )
    sections = sorted({key.split(".")[0] for key in facts.records})
    for section in sections:
        yield f"## {section}\n"
        rows = (
            record_row(section, key, r, standing_mark(facts, f"{section}.{key}"))
            for key, r in facts.section(section).items()
        )
        yield from table(("record", "what it is", "printed", "grounds", "source"), rows)
    yield "## Sources\n"
    yield from table(
        ("key", "title", "where", "year"),
        (
            (f'<a id="{key.lower()}"></a>{key}', s.title, f"`{s.where}`", str(s.year or ""))
            for key, s in sorted(facts.sources.items())
        ),
    )


def standing_mark(facts: Catalogue, identifier: str) -> str:
    """Return the sign before a record that a second reader has not confirmed."""
    if identifier in facts.chosen:
        return "◇ "
    return "○ " if identifier in facts.provisional else ""


def record_row(section: str, key: str, r: Record, mark: str) -> tuple[str, ...]:
    """Return the cells of a record's row."""
    about = r.about + (f" *({r.doubts})*" if r.doubts else "")
    value = f"{r.printed:g}" + ("" if r.unit == "1" else f" {healing_terms.spelled(r.unit)}")
    if r.spread is not None and r.spread.sd is not None:
        value += f"; {r.spread.law}, sd {r.spread.sd:g}"
    elif r.spread is not None:
        value += f"; {r.spread.law} {r.spread.low:g} to {r.spread.high:g}"
    grounds = f"{r.kind}, {r.access}, {r.role}"
    return (
        f'<a id="{section}.{key}"></a>{mark}`{key}`',
        about,
        value,
        grounds,
        f"[{r.source}](#{r.source.lower()}): {r.where}",
    )


# The healing model


def terms() -> Iterator[str]:
    """Yield the page on the terms of the healing model."""
    yield from healing_terms.page(
        MADE.format(source="the tuple `TERMS` in `src/trephine/models/callus.py`"), table
    )


def main() -> None:
    """Write every generated page."""
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.name)


if __name__ == "__main__":
    main()
