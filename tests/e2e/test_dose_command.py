"""``trephine dose`` answers a person, quickly, and refuses nonsense in one message."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from trephine.cli import example
from trephine.cli.main import main

Refused = Callable[[list[str], tuple[str, ...]], str]
ASKED = "at least 30,000 progenitors and 1,500 per mL in the lesion (Paris assay)"
SVG = "{http://www.w3.org/2000/svg}"
SLOW = ("jax", "scipy.stats", "scipy.optimize", "matplotlib", "nibabel", "pydicom", "zarr")
"""What a dose does not need, and takes long to load."""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "case.toml"
    path.write_text(example.written("femur-nonunion"), encoding="utf-8")
    return path


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    status = main(["dose", *arguments])
    seen = capsys.readouterr()
    assert status == 0, seen.err
    assert seen.err == ""
    return seen.out


def test_a_person_gets_funnel_drivers_chance_harm_and_notices(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = told([str(case), "--draws", "2000", "--prescription", ASKED], capsys)
    for words in (
        "Injection 1, day 0: 60 mL drawn, buffy coat device",
        "Progenitors, Paris count",
        "stays after some days",
        "per mL in the lesion",
        "The donor's own luck",
        "Factor of the laboratory",
        "laboratories.paris.counted",
        "Colony assay of the product in Paris, 3 dishes of 1 M nucleated cells:",
        "Harvest of 60 mL: major complication 0.",
        "no series tells complications by volume",
        "Luck differs from one patient and one needle to the next",
        "what acts together counts in each",
        "Injection 2, day 30: 10 mL drawn, cultured cells",
        "Paris assay): reached in",
        "Note: Progenitors are told as they are counted in Paris",
    ):
        assert words in " ".join(out.split()), words
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out, "nothing is cut off"


def test_quiet_still_tells_what_could_not_be_made(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change = "plan.steps.3.process.product_volume='6.7 mL'"
    volume = "plan.steps.3.deliver.volume='5 mL'"
    out = told([str(case), "--draws", "500", "-q", "--set", change, "--set", volume], capsys)
    assert "would not pack" in " ".join(out.split())


def test_the_same_seed_tells_the_same_and_another_another(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [str(case), "--draws", "500", "--json"]
    one, again, other = (
        json.loads(told([*asked, "--seed", seed], capsys)) for seed in ("3", "3", "4")
    )
    assert one == again
    cells = [d["injections"][0]["at"]["lesion"]["progenitors"]["median"] for d in (one, other)]
    assert cells[0] != cells[1]


def test_more_draws_of_less_marrow_raise_the_chance(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chances = []
    for draws in ("6 x 10 mL", "12 x 5 mL", "30 x 2 mL"):
        change = f"plan.steps.3.harvest.draws=['{draws}']"
        asked = [str(case), "--set", change, "--prescription", "30,000 progenitors", "--json"]
        found = json.loads(told([*asked, "--draws", "4000"], capsys))["prescription"]
        chances.append(found["of_each_injection"][0])
    assert chances[0] < chances[1] - 0.05 < chances[2] - 0.1


def test_a_spin_is_told_by_its_force_and_fat_by_what_is_not_known(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spun = (
        "plan.steps.3.process={method='centrifuge', product_volume='10 mL', red_cells=0.2, "
        "spin={rpm=3200, radius='15 cm', duration='14 min', column='8 cm'}}"
    )
    out = told([str(case), "--samples", "100", "--set", spun], capsys)
    assert "spun at 1,720 g for 14 min" in " ".join(out.split())
    fat = (
        "plan.steps.3.harvest={tissue='fat', volume='60 mL'}",
        "plan.steps.3.process={method='microfragmented_fat', product_volume='10 mL'}",
    )
    out = told([str(case), "--samples", "100", "--set", fat[0], "--set", fat[1]], capsys)
    assert "Harvest of 60 mL of fat: no record of harm" in " ".join(out.split())


def test_a_figure_holds_all_it_needs(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "dose"
    arguments = [str(case), "--draws", "500", "--prescription", ASKED, "--quiet"]
    out = told([*arguments, "--out", str(folder)], capsys)
    assert str(folder / "dose.svg") in out
    assert json.loads((folder / "dose.json").read_text(encoding="utf-8"))["draws"] == 500
    root = ET.parse(folder / "dose.svg").getroot()  # noqa: S314  (our own file)
    assert root.tag == f"{SVG}svg"
    words = [element.text or "" for element in root.iter(f"{SVG}text")]
    for said in ("Injection 1, day 0", "in the lesion", "The donor's own luck", "80 % of samples"):
        assert said in words, said
    assert not [e for e in root.iter() if any("href" in name for name in e.attrib)]
    # Every line of text begins and ends on the page, at about half an em a character.
    width = float(root.attrib["width"])
    for element in root.iter(f"{SVG}text"):
        long = 0.56 * float(element.attrib["font-size"]) * len(element.text or "")
        x, anchor = float(element.attrib["x"]), element.attrib["text-anchor"]
        left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * long
        assert left > 0, element.text
        assert left + long < width, element.text


def test_the_answer_loads_nothing_slow(case: Path) -> None:
    script = (
        "import sys; from trephine.cli.main import main; "
        f"status = main(['dose', {str(case)!r}, '--draws', '100', '-q']); "
        f"print([name for name in {SLOW} if name in sys.modules], status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[] 0"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--samples", "3"], ("3 samples tell no interval of 95 %; ask for 100 to 1,000,000",)),
        (["--draws", "many"], ("invalid value for '--samples'", "valid integer")),
        (["--seed", "-1"], ("invalid value for '--seed'",)),
        (["--prescription", "lots of cells"], ("cannot be read", "for example")),
        (["--prescription", "30,000 progenitors (Pariss assay)"], ("did you mean 'paris'?",)),
        (["--prescription", "30.000 progenitors"], ("reads two ways",)),
        (["--set", "plan.steps=[]"], ("the plan holds no injection",)),
        (
            ["--set", "plan.steps.3.harvest.draws=['3 x 40 mL']"],
            ("draw 1 of 40 mL does not fit a syringe of 10 mL",),
        ),
        (
            ["--set", "plan.steps.3.process.product_volume='90 mL'"],
            ("process.product_volume (90 mL) is more than the pool: 60 mL drawn and 8 mL",),
        ),
        (
            [
                "--set",
                "plan.steps.3.deliver.portions=3",
                "--set",
                "plan.steps.3.deliver.apart='60 mm'",
            ],
            ("plan.steps.3.deliver.apart: portions", "miss the bone, whose radius is 14.5 mm"),
        ),
        (["--set", "plan.steps.3.process.device='magic'"], ("'magic' is unknown",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_nonsense_gets_one_message(
    case: Path, refused: Refused, options: list[str], said: tuple[str, ...]
) -> None:
    refused(["dose", str(case), *options], said)


def test_a_folder_that_cannot_be_made_is_told(case: Path, refused: Refused) -> None:
    refused(["dose", str(case), "--draws", "100", "--out", str(case)], ("cannot write",))


def test_a_missing_file_is_told_with_the_example(tmp_path: Path, refused: Refused) -> None:
    missing = tmp_path / "femur-nonunion.toml"
    refused(["dose", str(missing)], ("there is no such file", "trephine example femur-nonunion"))
