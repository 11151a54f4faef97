"""The documentation is true: links, commands, options, code, files named, pages made from code."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
import yaml

import trephine
from trephine.case.case import Case
from trephine.case.document import validate
from trephine.cli.main import app
from trephine.models.callus import CALLUS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
GUIDES = [ROOT / "README.md", ROOT / "AGENTS.md", *PAGES]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TARGET = re.compile(r"\bmake ([a-z]+)")
PLACE = re.compile(r"`((?:src|tests|docs|examples|requirements|benchmarks)/[\w./-]*)`")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def generator() -> Iterator[ModuleType]:
    """Return the module that makes pages; it stands beside those it imports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        yield importlib.import_module("generate")


def fences(path: Path, language: str) -> list[str]:
    found = FENCE.findall(path.read_text(encoding="utf-8"))
    return [text for kind, text in found if kind == language]


def test_made_pages_are_as_the_code_makes_them(generator: ModuleType) -> None:
    pages = generator.pages()
    assert len(pages) >= 4
    stale = [
        name_of(path)
        for path, text in pages.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run 'make pages'"


def unexplained(made: ModuleType) -> list[str]:
    """Return the numbers that a term, a condition or a balance reads and its equation lacks."""
    told = {
        term.name: (term.equation + made.WHERE.get(term.name, ""), made.behind_term(term)[0])
        for term in CALLUS.terms
    }
    told |= {n: (made.FELT[n][1], read) for n, read in made.behind_conditions().items()}
    told |= {field: (made.BALANCES[field][0], made.behind_balance(field)) for field in CALLUS.fast}
    assert len(told) > 40
    return [
        f"{name}: {number}"
        for name, (equation, read) in told.items()
        for number in read
        if made.SYMBOLS.get(number, number) not in equation
    ]


def test_each_equation_shows_every_number_that_its_code_reads(generator: ModuleType) -> None:
    assert unexplained(generator.healing_terms) == []


def test_the_check_finds_a_number_that_an_equation_lacks(
    generator: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = {**generator.healing_terms.SYMBOLS, "to_bone": "k_{bm}"}
    monkeypatch.setattr(generator.healing_terms, "SYMBOLS", twin)
    assert unexplained(generator.healing_terms) == ["progenitors become osteoblasts: to_bone"]


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page: its headings and explicit ones."""
    text = path.read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", h).strip().lower()) for h in headings}
    return made | set(re.findall(r'<a id="([^"]+)"', text))


def broken_links(path: Path, text: str) -> list[str]:
    """Return each link of a page that leads nowhere inside the project."""
    wrong = []
    for link in LINK.findall(text):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        place, _, anchor = link.partition("#")
        target = path if not place else (path.parent / place).resolve()
        if not target.exists() or (anchor and anchor not in anchors(target)):
            wrong.append(f"{path.name}: {link}")
    return wrong


@pytest.mark.parametrize("path", GUIDES, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    assert broken_links(path, path.read_text(encoding="utf-8")) == []


def test_a_broken_link_is_found() -> None:
    text = "[a](none.md) [b](index.md#none) [c](index.md) [d](tutorial/first-run.md#next)"
    assert broken_links(DOCS / "index.md", text) == ["index.md: none.md", "index.md: index.md#none"]


def test_every_page_is_in_the_contents_once() -> None:
    def leaves(item: Any) -> list[str]:
        if isinstance(item, str):
            return [item]
        inner = item.values() if isinstance(item, dict) else item
        return [leaf for part in inner for leaf in leaves(part)]

    listed = leaves(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    assert sorted(listed) == sorted(path.relative_to(DOCS).as_posix() for path in PAGES)


@pytest.mark.parametrize("path", GUIDES, ids=name_of)
def test_files_that_a_guide_names_exist(path: Path) -> None:
    named = PLACE.findall(path.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("path", GUIDES, ids=name_of)
def test_what_a_guide_tells_to_make_can_be_made(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    code = re.findall(r"`([^`\n]+)`", path.read_text(encoding="utf-8"))
    told = TARGET.findall("\n".join([*code, *fences(path, "console")]))
    assert set(told) <= targets


def test_the_readme_tells_the_two_commands() -> None:
    assert "make demo\nmake test\n" in fences(ROOT / "README.md", "console")


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").rstrip().endswith("make test")


COMMANDS = [
    (name_of(path), line)
    for path in GUIDES
    for block in fences(path, "console")
    for line in block.splitlines()
    if line.startswith("trephine ")
]


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_a_command_of_a_guide_is_a_command(page: str, line: str) -> None:
    group: Any = typer.main.get_command(app)
    words = shlex.split(line, comments=True)
    assert words[1] in group.commands, page
    known = {o for p in group.commands[words[1]].params for o in p.opts} | {"--help"}
    assert {word for word in words[2:] if word.startswith("-")} <= known


SNIPPETS = [(name_of(p), text) for p in GUIDES for text in fences(p, "python")]


@pytest.mark.parametrize(("page", "text"), SNIPPETS)
def test_names_in_the_code_of_a_guide_exist(page: str, text: str) -> None:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            assert all(hasattr(module, alias.name) for alias in node.names), page
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "trephine"
        ):
            assert hasattr(trephine, node.attr), f"{page}: trephine.{node.attr}"


def test_steps_in_a_guide_are_accepted() -> None:
    (text,) = fences(DOCS / "how-to" / "change-the-plan.md", "toml")
    example = ROOT / "src/trephine/cli/examples/femur-nonunion.toml"
    data = tomllib.loads(example.read_text(encoding="utf-8"))
    data["plan"] = {**data["plan"], **tomllib.loads(text)["plan"]}
    assert validate(Case, data, "the guide").plan.injections


@pytest.mark.parametrize("page", ["README.md", "docs/explanation/the-model.md"])
def test_a_page_counts_the_terms_of_the_model_right(page: str) -> None:
    told = re.findall(r"(\d+) named processes", (ROOT / page).read_text(encoding="utf-8"))
    assert told == [str(len(CALLUS.terms))]


def test_versions_agree() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == trephine.__version__
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {trephine.__version__}" in changes


def test_decisions_are_numbered_and_listed() -> None:
    folder = DOCS / "decisions"
    pages = sorted(path for path in folder.glob("*.md") if path.name != "index.md")
    numbers = [int(path.name[:4]) for path in pages]
    assert numbers == list(range(1, len(pages) + 1))
    listed = (folder / "index.md").read_text(encoding="utf-8")
    for path, number in zip(pages, numbers, strict=True):
        assert path.name in listed
        assert path.read_text(encoding="utf-8").startswith(f"# {number}. ")


VERIFIED = re.compile(r"`(tests/[\w/]+\.py)`|`(test_\w+)`")


def told_of_tests(text: str) -> dict[str, set[str]]:
    """Return the tests that a page names, by the file named before them."""
    found: dict[str, set[str]] = {}
    file = ""
    for path, test in VERIFIED.findall(text):
        file = path or file
        found.setdefault(file, set()).update({test} - {""})
    return found


def written_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (node.name for node in tree.body if isinstance(node, ast.FunctionDef))
    return {name for name in functions if name.startswith("test_")}


def test_the_page_on_verification_names_every_test_and_no_other() -> None:
    told = told_of_tests((DOCS / "reference" / "verification.md").read_text(encoding="utf-8"))
    told.pop("", None)
    unknown = {file: names - written_in(ROOT / file) for file, names in told.items()}
    assert {file: names for file, names in unknown.items() if names} == {}
    files = sorted((ROOT / "tests" / "verification").glob("test_*.py"))
    assert len(files) > 10
    missing = {name_of(path): written_in(path) - told.get(name_of(path), set()) for path in files}
    assert {file: names for file, names in missing.items() if names} == {}


def test_a_test_that_is_not_there_is_found() -> None:
    told = told_of_tests(
        "`tests/unit/test_strain.py` `test_a_small_rotation_strains_nothing` `test_x`"
    )
    assert told["tests/unit/test_strain.py"] - written_in(ROOT / "tests/unit/test_strain.py") == {
        "test_x"
    }


def test_every_task_is_on_the_first_page_and_in_the_contents() -> None:
    pages = sorted(f"how-to/{path.name}" for path in (DOCS / "how-to").glob("*.md"))
    assert len(pages) > 10
    first = (DOCS / "index.md").read_text(encoding="utf-8")
    contents = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    assert [page for page in pages if f"({page})" not in first] == []
    assert [page for page in pages if f": {page}" not in contents] == []
