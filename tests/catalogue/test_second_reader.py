"""Two readers agree: what a second person typed without sight of the first entry is the same."""

from __future__ import annotations

import pytest

from trephine.catalogue.load import Catalogue, catalogue
from trephine.catalogue.records import Record

FACTS = catalogue()


def disagreements(facts: Catalogue) -> list[str]:
    """Return each id where the two readers do not agree, with both entries."""
    found = []
    for identifier, (number, unit) in sorted(facts.second.items()):
        first = facts.records.get(identifier)
        if first is None:
            found.append(
                f"{identifier}: the second reader has {number:g} {unit}, the first nothing"
            )
        elif (first.printed, first.unit) != (number, unit):
            found.append(
                f"{identifier}: first {first.printed:g} {first.unit}, second {number:g} {unit}"
            )
    return found


def test_the_two_readers_agree() -> None:
    found = disagreements(FACTS)
    assert not found, "\n".join(["the two readers disagree:", *found])


def test_what_no_second_reader_confirmed_is_provisional() -> None:
    agreed = {
        i for i in FACTS.second if not any(d.startswith(f"{i}:") for d in disagreements(FACTS))
    }
    choices = {i for i, r in FACTS.records.items() if r.access == "chosen"} - set(FACTS.second)
    assert FACTS.provisional == set(FACTS.records) - agreed - choices


def test_a_record_is_confirmed_chosen_or_provisional_and_one_alone() -> None:
    assert not FACTS.chosen & FACTS.provisional
    assert not FACTS.chosen & set(FACTS.second)
    assert FACTS.chosen, "the design chooses some numbers that no source prints"


ACCESSES = ("seen", "seen_secondary", "recalled", "derived", "chosen")


@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize("second", [None, 4.0, 40.0])
def test_only_an_unread_choice_is_an_assumption(access: str, second: float | None) -> None:
    read = {} if second is None else {"a.x": (second, "mL")}
    facts = Catalogue({"a.x": entry(4.0, "mL", access)}, {}, read)
    is_choice = access == "chosen" and second is None
    assert facts.chosen == ({"a.x"} if is_choice else frozenset())
    assert facts.provisional == (frozenset() if is_choice or second == 4.0 else {"a.x"})


def entry(printed: float, unit: str, access: str = "seen") -> Record:
    return Record.model_validate(
        {
            "about": "a volume",
            "printed": printed,
            "unit": unit,
            "kind": "measured",
            "source": "Muschler1997",
            "where": "abstract",
            "access": access,
            "role": "calibrate",
        }
    )


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"a.x": (4.0, "mL")}, []),
        ({}, []),
        ({"a.x": (40.0, "mL")}, ["a.x: first 4 mL, second 40 mL"]),
        ({"a.x": (4.0, "L")}, ["a.x: first 4 mL, second 4 L"]),
        ({"a.y": (4.0, "mL")}, ["a.y: the second reader has 4 mL, the first nothing"]),
    ],
)
def test_each_disagreement_is_listed(second: dict[str, tuple[float, str]], said: list[str]) -> None:
    facts = Catalogue({"a.x": entry(4.0, "mL")}, {}, second)
    assert disagreements(facts) == said
    confirmed = second.get("a.x") == (4.0, "mL")
    assert facts.provisional == (frozenset() if confirmed else {"a.x"})
