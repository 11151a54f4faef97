"""The parts of the command line: changes, quantities, progress, tables, failures."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from trephine.case.case import Case, read
from trephine.case.run import Run
from trephine.cli import doctor, example, main, outcome, overrides, progress, run, version
from trephine.cli.quantity import quantities, quantity
from trephine.core.errors import CatalogueError, InputError, SolverError, StoreError

HEAVY = ("numpy", "pydantic", "pint", "jax", "zarr", "scipy", "matplotlib", "xarray", "nibabel")


def test_asking_for_help_imports_nothing_heavy() -> None:
    code = f"""
import sys
from trephine.cli.main import main
status = main(["--help"])
print("heavy:", sorted(set({HEAVY!r}) & set(sys.modules)), status, file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "heavy: [] 0"
    for name in ("run", "example", "intake", "phantom", "show", "report", "export", "schema"):
        assert name in done.stdout
    assert "research only" in done.stdout


def test_a_case_is_changed_in_the_words_of_its_file(example_case: Case) -> None:
    case = overrides.changed(
        example_case,
        [
            "site.gap.width=2 mm",
            'site.gap.tilt = "5 deg"',
            "site.biology.perfusion=0.3",
            "patient.smoker=true",
            'plan.steps.3.harvest.draws=["6 x 5 mL"]',
            "plan.steps.3.harvest.anticoagulant=2 mL",
            "plan.steps.0.body_weights=0.5",
            "plan.follow_up.duration=20 wk",
        ],
        "case.toml",
    )
    assert case.site.gap.width == pytest.approx(2e-3)
    assert case.site.gap.tilt == pytest.approx(0.0872665)
    assert case.site.biology.perfusion == 0.3
    assert case.patient.smoker
    assert len(case.plan.injections[0].harvest.draws) == 6
    assert case.plan.steps[0].body_weights == 0.5
    assert case.plan.follow_up.visits == 20
    assert example_case.site.gap.width == pytest.approx(4e-3)


def test_an_empty_value_takes_a_key_or_an_entry_away(example_case: Case) -> None:
    away = ["site.fixation.nail_diameter=", "site.fixation.locking=", "plan.steps.4="]
    changes = ["site.fixation.kind=plate", *away]
    case = overrides.changed(example_case, changes, "case.toml")
    assert case.site.fixation.nail_diameter is None
    assert len(case.plan.steps) == 4


def test_every_wrong_change_is_told_at_once(example_case: Case) -> None:
    with pytest.raises(InputError) as caught:
        overrides.changed(
            example_case,
            ["a", "=3", "plan.steps.x.day=1 d", "plan.steps.7=", "patient.sex.x=1"],
            "case.toml",
        )
    assert [str(problem) for problem in caught.value.problems] == [
        "--set a: write place=value, for example site.gap.width='2 mm'",
        "--set =3: write place=value, for example site.gap.width='2 mm'",
        "--set plan.steps.x.day: 'x' is not an entry of the list; known: 0 to 4",
        "--set plan.steps.7: '7' is not an entry of the list; known: 0 to 4",
        "--set patient.sex.x: there is nothing below 'male' that 'x' could name",
    ]


def test_quantities_are_read_with_their_units() -> None:
    assert quantity("--gap", "4 mm", "m") == pytest.approx(4e-3)
    assert quantities("--spacing", "1 mm, 1 mm,1.5 mm", "m", 3) == pytest.approx(
        [1e-3, 1e-3, 1.5e-3]
    )
    with pytest.raises(InputError, match=r"--gap: write the unit, for example '4 mm'"):
        quantity("--gap", "4", "m")
    with pytest.raises(InputError, match="--spacing: write 3 quantities with commas between"):
        quantities("--spacing", "1 mm", "m", 3)


def lines_of(watch_steps: Callable[[progress.Lines], None]) -> list[str]:
    text = io.StringIO()
    console = Console(file=text, width=200)
    with progress.Lines(console) as watch:
        watch_steps(watch)
    return text.getvalue().splitlines()


def test_a_log_gets_a_line_at_each_tenth_with_the_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter(range(0, 10_000, 2))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))

    def steps(watch: progress.Lines) -> None:
        watch.progress("site", 0, 1)
        for day in range(183):
            watch.progress("heal", day, 182, f"day {day} of 182")

    lines = lines_of(steps)
    assert lines[0] == "Laying the site on a grid"
    assert lines[1] == "Healing (day 0 of 182)"
    assert lines[2] == "Healing 10%, about 17 s left (day 19 of 182)"
    assert lines[-1] == "Healing 100%, about 0 s left (day 182 of 182)"
    assert len(lines) == 12


def test_a_resumed_run_counts_its_time_from_where_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 10.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))

    def steps(watch: progress.Lines) -> None:
        watch.progress("heal", 50, 100)
        watch.progress("heal", 75, 100)

    assert lines_of(steps)[-1] == "Healing 75%, about 10 s left"


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    text = io.StringIO()
    console = Console(file=text, width=120, force_terminal=True)
    display = progress.display(console, is_quiet=False)
    assert isinstance(display, progress.Bar)
    with display as watch:
        watch.progress("site", 0, 1)
        watch.progress("heal", 0, 4, "day 0 of 28")
        watch.progress("heal", 1, 4, "day 7 of 28")
    last = text.getvalue().splitlines()[-3]
    assert "Healing" in last
    assert " 25 %" in last
    assert "day 7 of 28" in last
    assert "Laying" not in last


def test_quiet_is_quiet() -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True)
    with progress.display(console, is_quiet=True) as watch:
        watch.progress("heal", 1, 2)
    assert text.getvalue() == ""


def test_a_run_is_shown_in_tables(
    keep_run: Callable[[Path], Run], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = keep_run(tmp_path / "run")
    assert main.main(["show", str(tmp_path / "run")]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert kept.follow_up.ending.value in shown
    assert "Week of union 3" in shown
    assert "The gap is virtual." in shown
    assert "in the syringe 5,000 100 million" in shown
    assert "Imbalance" not in shown
    assert main.main(["show", str(tmp_path / "run"), "--budgets"]) == 0
    budgets = " ".join(capsys.readouterr().out.split())
    assert "Imbalance" in budgets
    assert "Healing" in budgets
    assert main.main(["show", str(tmp_path / "run"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"] == kept.summary()


def test_colour_follows_the_terminal_and_no_color(
    keep_run: Callable[[Path], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = keep_run(tmp_path / "run")

    def shown() -> str:
        text = io.StringIO()
        outcome.show(kept, Console(file=text, force_terminal=True, width=100))
        return text.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in shown()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in shown()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("bad"), 2),
        (StoreError("bad"), 2),
        (CatalogueError("bad"), 2),
        (SolverError("bad"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_failure_has_its_exit_status(
    error: BaseException,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(example, "names", fail)
    assert main.main(["example"]) == status
    seen = capsys.readouterr()
    assert seen.out == ""
    assert "Traceback" not in seen.err
    assert seen.err == ("error: interrupted\n" if status == 130 else "error: bad\n")


def test_a_path_that_the_system_refuses_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["run", f"{'long' * 100}.toml"]) == 2
    assert capsys.readouterr().err.endswith("long.toml: file name too long\n")


def test_too_little_memory_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise MemoryError

    monkeypatch.setattr(example, "names", fail)
    assert main.main(["example"]) == 1
    assert "not enough memory" in capsys.readouterr().err


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(example, "names", fail)
    with pytest.raises(ZeroDivisionError):
        main.main(["example"])


def test_the_examples_are_whole_cases(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], example_case: Case
) -> None:
    assert main.main(["example"]) == 0
    listed = capsys.readouterr().out
    cases: dict[str, Case] = {}
    for name in example.names():
        assert name in listed
        out = tmp_path / "sub" / f"{name}.toml"
        assert main.main(["example", name, "--out", str(out)]) == 0
        seen = capsys.readouterr()
        assert seen.out.strip() == str(out)
        command = "candidacy" if "candidacy" in out.stem else "run"
        assert f"trephine {command} {out}" in seen.err
        cases[name] = read(out)
        assert main.main(["example", name]) == 0
        assert tomllib.loads(capsys.readouterr().out) == tomllib.loads(out.read_text())
    assert set(cases) == {
        "ankle-candidacy",
        "ankle-osteoarthritis",
        "femur-no-cells",
        "femur-nonunion",
        "femur-wide-gap",
        "hip-osteonecrosis",
        "knee-cartilage-defect",
        "knee-osteoarthritis",
        "lumbar-disc",
        "rotator-cuff",
        "rotator-cuff-repair",
        "tibia-fracture",
        "tibia-fracture-early-injection",
        "tibia-lengthening",
        "tibia-nonunion",
    }
    whole = cases["femur-nonunion"]
    assert whole == example_case
    alone = whole.with_plan(steps=[s for s in whole.plan.steps if s.kind == "loading"])
    words = {"name": "same", "about": ""}
    assert cases["femur-no-cells"].changed(words) == alone.changed(words)
    wide = whole.changed({"site": {"gap": {"width": "10 mm"}}})
    assert cases["femur-wide-gap"].changed(words) == wide.changed(words)
    tibia = cases["tibia-nonunion"].site
    assert tibia.bone == "tibia"
    assert tibia.fixation.nail_diameter == pytest.approx(9e-3)


def test_the_schema_accepts_the_keys_of_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"].startswith("https://json-schema.org")
    assert set(tomllib.loads(example.written("femur-nonunion"))) <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    gap = schema["$defs"]["Gap"]["properties"]["width"]
    assert gap["type"] == "string"
    assert gap["examples"] == ["4 mm"]


def test_the_version_names_program_and_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--version"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("trephine 0.")
    assert len(lines[1].removeprefix("catalogue ")) == 16


def test_the_commit_is_that_of_our_own_checkout_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(version.trephine, "__file__", str(tmp_path / "a" / "b" / "__init__.py"))
    assert version.commit() == ""


def test_the_doctor_finds_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main.main(["doctor", "--json", "--out", str(tmp_path / "new" / "runs")]) == 0
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert all(check["is_good"] for check in checks.values())
    assert "provisional" in checks["Catalogue"]["found"]
    assert "cpu" in checks["Array engine"]["found"] or "cuda" in checks["Array engine"]["found"]
    assert str(tmp_path) in checks["Disk"]["found"]
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (9, 9))
    assert main.main(["doctor", "--json", "--out", str(tmp_path / "file" / "runs")]) == 1
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert {name for name, check in checks.items() if not check["is_good"]} == {"Python", "Disk"}


def test_what_goes_on_is_said_with_every_option(story: SimpleNamespace, tmp_path: Path) -> None:
    params = {
        "seed": 3, "quality": "fine", "voxel": None, "workers": 2,
        "changes": ["site.gap.width=2 mm"], "is_json_wanted": True, "is_quiet": False,
    }  # fmt: skip
    context = SimpleNamespace(params=params)
    again = run.command_again(context, story.example, tmp_path / "my run")
    assert again == (
        f"trephine run {story.example} --out '{tmp_path}/my run' --seed 3 --quality fine "
        "--workers 2 --set 'site.gap.width=2 mm' --json --resume"
    )
    assert run.way_on(tmp_path / "my run", again) == "nothing was written; start again"
