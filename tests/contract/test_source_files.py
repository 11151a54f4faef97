"""What every file of the project keeps to: an opening line, a size, known sources, no machine."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

import trephine
from trephine.catalogue.load import catalogue

ROOT = Path(__file__).parents[2]
SOURCE = sorted((ROOT / "src").rglob("*.py"))
LONGEST = 400
CITATION = re.compile(r"\[([A-Z][A-Za-z]+\d{4}[a-z]?)\]")

# Written in pieces, so that this file does not find itself.
UNFINISHED = ["TO" + "DO", "FIX" + "ME", "raise NotImpl" + "ementedError"]
MACHINE = re.compile("|".join(f"/{name}/" for name in ("work", "tmp", "home", "root", "Users")))
HOSTS = [
    "pypi" + ".org",
    "python" + "hosted",
    "npm" + "js",
    "debian" + ".org",
    "anaconda" + ".",
    "--index" + "-url",
]


def tracked() -> list[Path]:
    """Return the files that belong to the project: what git tracks, or all that is not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this is no git checkout, so what belongs to the project is not known")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Return the text of every text file of the project by its path."""
    found = {}
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data:
            found[path.relative_to(ROOT).as_posix()] = data.decode("utf-8")
    assert len(found) > 100
    return found


def test_every_python_file_opens_with_what_it_owns(texts: dict[str, str]) -> None:
    wrong = []
    for name, text in texts.items():
        if not name.endswith(".py"):
            continue
        opening = ast.get_docstring(ast.parse(text))
        first = (opening or "").splitlines()[:1]
        if not first or not first[0].endswith((".", "?")) or not text.startswith('"""'):
            wrong.append(name)
    assert wrong == []


def test_no_python_file_holds_two_concepts(texts: dict[str, str]) -> None:
    lengths = {n: t.count("\n") for n, t in texts.items() if n.endswith(".py")}
    assert {name: n for name, n in lengths.items() if n > LONGEST} == {}


def test_nothing_is_left_unfinished(texts: dict[str, str]) -> None:
    found = [
        f"{name}: {word}"
        for name, text in texts.items()
        for word in UNFINISHED
        if name.endswith((".py", ".js", ".html", ".css", ".toml")) and word in text
    ]
    assert found == []


def test_no_file_names_a_machine(texts: dict[str, str]) -> None:
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in texts.items()
        if not name.endswith(".lock")
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE.search(line)
    ]
    assert found == []


def test_no_file_names_a_registry(texts: dict[str, str]) -> None:
    found = [f"{name}: {host}" for name, text in texts.items() for host in HOSTS if host in text]
    assert found == []


def test_no_file_is_large(texts: dict[str, str]) -> None:
    assert texts
    large = {p.name: p.stat().st_size for p in tracked() if p.stat().st_size > 1_000_000}
    assert large == {}


def test_every_citation_resolves() -> None:
    cited = {
        (key, path.name)
        for path in SOURCE
        for key in CITATION.findall(path.read_text(encoding="utf-8"))
    }
    assert cited, "no docstring cites anything"
    unknown = sorted(f"{name}: [{key}]" for key, name in cited if key not in catalogue().sources)
    assert unknown == []


def test_every_public_name_of_the_package_is_there() -> None:
    for name in trephine.__all__:
        assert getattr(trephine, name) is not None


def test_an_unknown_public_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'runn'"):
        trephine.runn  # noqa: B018
