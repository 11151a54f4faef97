"""Ask how fractures heal, and what operations do to a non-union, beside what was published.

``python validation/comparators.py`` computes the courses on voxels of 2.5 mm (``--fine``: 1.5 mm)
and prints a table in Markdown. Nothing here sets a parameter: series that are held out stand beside
the model's course, one patient each, and are no score.
"""

from __future__ import annotations

import sys
from typing import Any

import trephine
from trephine.case.case import Case, need_shaft, of_any_kind, read
from trephine.case.settings import Settings
from trephine.cli.example import file

VOXEL = "1.5 mm" if "--fine" in sys.argv else "2.5 mm"
SETTINGS = {"voxel": VOXEL, "margin_axial": "18 mm", "examination": "520 wk"}
OPERATED = 28
"""Day of the operations [d]."""
STRIPPED = {"periosteum": 0.0, "marrow": 0.0, "living_ends": 0.0}
FRACTURES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "gap 3 mm": {"site": {"gap": {"width": "3 mm"}}},
    "gap 6 mm": {"site": {"gap": {"width": "6 mm"}}},
    "gap 12 mm": {"site": {"gap": {"width": "12 mm"}}},
    "fixation 100 N/mm": {"site": {"fixation": {"axial_stiffness": "100 N/mm"}}},
    "fixation 50 N/mm": {"site": {"fixation": {"axial_stiffness": "50 N/mm"}}},
    "a smoker": {"patient": {"smoker": True}},
    "periosteum stripped": {"site": {"biology": {"periosteum": 0.0}}},
    "a smoker, stripped and reamed": {
        "patient": {"smoker": True},
        "site": {"biology": {"periosteum": 0.0, "marrow": 0.2}},
    },
    "a smoker of 80": {"patient": {"smoker": True, "age": "80 year"}},
    "no living source": {"site": {"biology": STRIPPED}},
}
COMPARATORS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "observation": ([], "a non-union stays one"),
    "exchange nail": (
        [{"kind": "exchange_nail", "nail_diameter": "11 mm"}],
        "femur: 71 of 72 united, 61 % within 2 to 5 months (Hierholzer 2014, held out)",
    ),
    "plate": ([{"kind": "revision_plating"}], ""),
    "plate beside the nail": (
        [{"kind": "revision_plating", "earlier": "stays"}],
        "femur: 99.8 % united, 5.9 months; exchange nails 74 %, 6.3 months (review 2018, held out)",
    ),
    "autograft": (
        [{"kind": "autograft", "volume": "10 mL"}],
        "8 of 9 united after 4.6 months (Hau Le Thua 2015); 78 % (Lin 2019, held out)",
    ),
}


def fracture(changes: dict[str, Any]) -> Case:
    """Return the fracture of the example with a gap that the voxels can show."""
    case = need_shaft(read(file("tibia-fracture")), "a check")
    return case.changed({"site": {"gap": {"width": "3 mm"}}}).changed(changes)


def treated(steps: list[dict[str, Any]]) -> Case:
    """Return the non-union of the example with operations in place of its injection."""
    document = read(file("tibia-nonunion")).as_written()
    loads = [step for step in document["plan"]["steps"] if step["kind"] == "loading"]
    done = [{**step, "day": f"{OPERATED} d"} for step in steps]
    document["plan"] = {
        "steps": loads + done,
        "follow_up": {"duration": "52 wk", "interval": "1 wk"},
    }
    return need_shaft(of_any_kind(document, "a check"), "a check")


def union(case: Case) -> float | None:
    """Return the week of union."""
    run = trephine.run(case, settings=Settings.model_validate(SETTINGS))
    week = run.summary()["union_week"]
    return None if week is None else float(week)


def main() -> None:
    """Print both tables."""
    print("| fresh fracture | week of union |\n| --- | --- |")
    for name, changes in FRACTURES.items():
        week = union(fracture(changes))
        print(f"| {name} | {'none' if week is None else f'{week:g}'} |", flush=True)
    print("\n| operation | weeks from it to union | published |\n| --- | --- | --- |")
    for name, (steps, published) in COMPARATORS.items():
        week = union(treated(steps))
        said = "none" if week is None else f"{week - OPERATED / 7:g}"
        print(f"| {name} | {said} | {published} |", flush=True)


if __name__ == "__main__":
    main()
