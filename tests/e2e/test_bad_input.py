"""Bad case files and options: one clear message, exit 2, no traceback, nothing written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from trephine.cli import example

EXAMPLE = example.written("femur-nonunion")
TREPHINE = Path(sys.executable).with_name("trephine")
Refused = Callable[[list[str], tuple[str, ...]], str]


@dataclass(frozen=True)
class Bad:
    """A command line that must be refused.

    ``make`` prepares what is needed in a folder of its own and returns the words after
    ``trephine``; each of ``told`` must be in the message.
    """

    make: Callable[[Path], list[str]]
    told: tuple[str, ...]
    problems: int = 1


def case_with(*changes: tuple[str, str]) -> Callable[[Path], list[str]]:
    """Return a maker of the example with texts replaced, each found exactly once or first."""

    def make(here: Path) -> list[str]:
        text = EXAMPLE
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        (here / "bad.toml").write_text(text, encoding="utf-8")
        return ["run", str(here / "bad.toml"), "--out", str(here / "new")]

    return make


def raw_case(content: bytes) -> Callable[[Path], list[str]]:
    def make(here: Path) -> list[str]:
        (here / "bad.toml").write_bytes(content)
        return ["run", str(here / "bad.toml"), "--out", str(here / "new")]

    return make


def good_case(*options: str, out: str = "new") -> Callable[[Path], list[str]]:
    """Return a maker of the good example with options after it."""

    def make(here: Path) -> list[str]:
        (here / "good.toml").write_text(EXAMPLE, encoding="utf-8")
        return ["run", str(here / "good.toml"), "--out", str(here / out), *options]

    return make


def words(*given: str) -> Callable[[Path], list[str]]:
    return lambda here: [word.replace("HERE", str(here)) for word in given]


SHAFT = EXAMPLE[EXAMPLE.index("[site.shaft]") : EXAMPLE.index("[site.gap]")]
SCAN = '[site.scan]\ndensity = "d"\nlabels = "l"\ncontents = "c"\nsource = "s"\n'

FILES = {
    "missing unit": Bad(
        case_with(('width = "4 mm"', "width = 4")),
        ("bad.toml is not a valid case", "site.gap.width: write the unit, for example '4 mm'"),
    ),
    "wrong dimension": Bad(
        case_with(('width = "4 mm"', 'width = "3 kg"')),
        ("site.gap.width: '3 kg' is not a length", "'4 mm'"),
    ),
    "not a quantity": Bad(
        case_with(('width = "4 mm"', 'width = "four"')), ("site.gap.width: 'four' is not a length",)
    ),
    "unknown key": Bad(
        case_with(("nail_diameter =", "nail_diametre =")),
        ("site.fixation.nail_diametre: unknown key; did you mean 'nail_diameter'?",),
        problems=1,
    ),
    "unknown table": Bad(
        case_with(("[site.biology]", "[site.biologie]")),
        ("site.biologie: unknown key; did you mean 'biology'?",),
    ),
    "missing table": Bad(
        case_with(('[patient]\nage = "47 year"', "[patient]\n")), ("patient.age: is missing",)
    ),
    "negative gap": Bad(
        case_with(('width = "4 mm"', 'width = "-4 mm"')),
        ("site.gap.width: must be more than 0 mm",),
    ),
    "gap of nothing": Bad(
        case_with(('width = "4 mm"', 'width = "nan mm"')), ("site.gap.width: 'nan mm' is not",)
    ),
    "not a number": Bad(
        case_with(("body_weights = 0.25", "body_weights = nan")),
        ("plan.steps.0.body_weights: must be a finite number",),
    ),
    "infinite": Bad(
        case_with(("ovality = 1.08", "ovality = inf")),
        ("site.shaft.ovality: must be a finite number",),
    ),
    "share above one": Bad(
        case_with(("perfusion = 0.1", "perfusion = 1.5")),
        ("site.biology.perfusion: must be at most 1",),
    ),
    "nail wider than the canal": Bad(
        case_with(('nail_diameter = "11 mm"', 'nail_diameter = "15 mm"')),
        ("site: the nail (15 mm) is wider than the canal (14 mm); give a thinner nail_diameter",),
    ),
    "canal as wide as the bone": Bad(
        case_with(('canal_diameter = "14 mm"', 'canal_diameter = "29 mm"')),
        ("site.shaft: canal_diameter must be less than outer_diameter",),
    ),
    "nail without diameter": Bad(
        case_with(('nail_diameter = "11 mm"', "")),
        ("site.fixation: a nail needs nail_diameter, for example nail_diameter = '11 mm'",),
    ),
    "plate with a nail's diameter": Bad(
        case_with(('kind = "nail"', 'kind = "plate"')),
        ("site.fixation: nail_diameter does not belong to a plate",),
    ),
    "cast of unknown stiffness": Bad(
        case_with(('kind = "nail"\nnail_diameter = "11 mm"', 'kind = "cast"')),
        ("site.fixation: no stiffness of a cast is published; give axial_stiffness",),
    ),
    "unknown bone": Bad(
        case_with(('bone = "femur"', 'bone = "fibula"')),
        ("site.bone: 'fibula' is not accepted; write 'femur', 'tibia' or 'humerus'",),
    ),
    "shaft and scan": Bad(
        case_with(("[site.gap]", f"{SCAN}\n[site.gap]")),
        ("site: give exactly one of [site.shaft] and [site.scan]",),
    ),
    "neither shaft nor scan": Bad(
        case_with((SHAFT, "")),
        ("site: give exactly one of [site.shaft] and [site.scan]",),
    ),
    "unknown kind of step": Bad(
        case_with(('kind = "injection"', 'kind = "injektion"')),
        ("plan.steps.3.kind: 'injektion' is unknown; did you mean 'injection'?",),
    ),
    "unknown method": Bad(
        case_with(('method = "concentrate"', 'method = "concentrated"')),
        ("plan.steps.3.process.method: 'concentrated' is unknown; did you mean 'concentrate'?",),
    ),
    "unknown device": Bad(
        case_with(('device = "buffy_coat"', 'device = "buffy_cote"')),
        ("plan.steps.3.process.device: 'buffy_cote'", "did you mean 'buffy_coat'?"),
    ),
    "unknown place of harvest": Bad(
        case_with(('bone = "posterior_iliac_crest"', 'bone = "posterior_crest"')),
        ("plan.steps.3.harvest.bone: 'posterior_crest'", "did you mean 'posterior_iliac_crest'?"),
    ),
    "product above the pool": Bad(
        case_with(('product_volume = "10 mL"', 'product_volume = "90 mL"')),
        ("process.product_volume (90 mL) is more than the pool: 60 mL drawn and 8 mL of anti",),
    ),
    "injection above the product": Bad(
        case_with(
            ('[plan.steps.deliver]\nvolume = "10 mL"', '[plan.steps.deliver]\nvolume = "11 mL"')
        ),
        ("plan.steps.3: deliver.volume (11 mL) is more than the product (10 mL)",),
    ),
    "draw above the syringe": Bad(
        case_with(('draws = ["12 x 5 mL"]', 'draws = ["5 mL", "12 mL"]')),
        ("plan.steps.3.harvest: draw 2 of 12 mL does not fit a syringe of 10 mL",),
    ),
    "draws that cannot be read": Bad(
        case_with(('draws = ["12 x 5 mL"]', 'draws = ["12 times 5 mL"]')),
        ("plan.steps.3.harvest.draws.0:", "4 mL"),
    ),
    "carrier without volume": Bad(
        case_with(('carrier_volume = "3 mL"\n', "")),
        ("plan.steps.4.deliver: demineralised bone needs carrier_volume, for example '5 mL'",),
    ),
    "day after the last visit": Bad(
        case_with(('day = "84 d"', 'day = "30 wk"')),
        ("plan: steps.2 is on day 210, after the last visit on day 182",),
    ),
    "visits that do not fit": Bad(
        case_with(('interval = "1 wk"', 'interval = "4 wk"')),
        ("plan.follow_up: duration must be a whole number of intervals, at least one",),
    ),
    "another layout of the case": Bad(
        case_with(("format = 1", "format = 2")), ("format: 2 is not accepted; write 1",)
    ),
    "not TOML": Bad(
        case_with(('name = "Femoral', "name = Femoral")), ("bad.toml is not valid TOML", "line 2")
    ),
    "not UTF-8": Bad(raw_case(b'name = "\xff\xfe"\n'), ("bad.toml", "UTF-8")),
    "empty file": Bad(
        raw_case(b""),
        ("bad.toml is not a valid case", "name: is missing", "patient: is missing"),
        problems=3,
    ),
    "several at once": Bad(
        case_with(
            ('width = "4 mm"', "width = 4"),
            ("sex =", "sexx ="),
            ('mass = "80 kg"', 'mass = "80 m"'),
        ),
        ("patient.sexx: unknown key; did you mean 'sex'?", "site.gap.width:", "patient.mass:"),
        problems=4,
    ),
    "no such file": Bad(
        words("run", "HERE/gone.toml", "--out", "HERE/new"), ("gone.toml: there is no such file",)
    ),
    "a folder for a case": Bad(words("run", "HERE", "--out", "HERE/new"), ("is a folder",)),
}
OPTIONS = {
    "seed that is no number": Bad(good_case("--seed", "lucky"), ("'--seed'", "integer")),
    "negative seed": Bad(good_case("--seed", "-1"), ("'--seed'", "greater than or equal to 0")),
    "unknown quality": Bad(
        good_case("--quality", "superb"),
        ("'--quality'", "'superb' is not one of 'draft', 'standard', 'fine'"),
    ),
    "voxel without unit": Bad(
        good_case("--voxel", "2"), ("--voxel", "voxel: write the unit, for example '4 mm'")
    ),
    "voxel wider than the gap": Bad(
        good_case("--voxel", "4.1 mm"), ("a voxel of 4.1 mm is wider than the gap of 4 mm",)
    ),
    "too many voxels": Bad(
        good_case("--voxel", "0.01 mm", "--quiet"), ("voxels of 0.01 mm in ", "take larger voxels")
    ),
    "dry run of too many voxels": Bad(
        good_case("--voxel", "0.01 mm", "--dry-run"), ("take larger voxels",)
    ),
    "tilt of no gap": Bad(
        words("phantom", "--out", "HERE/leg", "--tilt", "9 deg"), ("--tilt: belongs to a gap",)
    ),
    "no worker": Bad(good_case("--workers", "0"), ("'--workers'", "greater than or equal to 1")),
    "set without a value": Bad(
        good_case("--set", "site.gap.width"), ("--set site.gap.width: write place=value",)
    ),
    "set of an unknown key": Bad(
        good_case("--set", "site.gap.widht=2 mm"),
        ("good.toml as changed by --set", "site.gap.widht: unknown key; did you mean 'width'?"),
    ),
    "set without unit": Bad(
        good_case("--set", "site.gap.width=2"), ("site.gap.width: write the unit",)
    ),
    "set beyond a list": Bad(
        good_case("--set", "plan.steps.9.day=3 d"),
        ("--set plan.steps.9.day: '9' is not an entry of the list; known: 0 to 4",),
    ),
    "set below a value": Bad(
        good_case("--set", "site.side.left=1"), ("--set site.side.left: ", "'left'")
    ),
    "unknown option": Bad(good_case("--sead", "1"), ("no such option", "--seed")),
    "unknown command": Bad(words("runn"), ("no such command 'runn'", "run")),
    "nothing to run": Bad(words("run"), ("missing argument 'CASE.toml'", "trephine run --help")),
    "unknown example": Bad(
        words("example", "femur-nonunoin"), ("femur-nonunoin", "did you mean 'femur-nonunion'?")
    ),
    "example over a file": Bad(
        words("example", "femur-nonunion", "--out", "HERE"), ("exists; choose another --out",)
    ),
}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("bad", [*FILES.values(), *OPTIONS.values()], ids=[*FILES, *OPTIONS])
def test_a_bad_case_or_option_is_refused(bad: Bad, tmp_path: Path, refused: Refused) -> None:
    arguments = bad.make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    message = refused(arguments, bad.told)
    if bad in FILES.values():
        listed = [line for line in message.splitlines() if line.startswith("  ")]
        assert len(listed) in {0, bad.problems}, message
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.usefixtures("untouched")
def test_a_bad_case_is_refused_by_the_real_command(
    tmp_path: Path, one_message: Callable[[str, tuple[str, ...]], None]
) -> None:
    bad = FILES["nail wider than the canal"]
    done = subprocess.run(
        [TREPHINE, *bad.make(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    one_message(done.stderr, bad.told)
