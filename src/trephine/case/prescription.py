"""What a treatment should reach: so many cells, at such a density, at a place, by an assay."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from trephine.case.document import Document, Flag, validate
from trephine.core.errors import InputError
from trephine.core.units import Unit

Cells = Annotated[float, Unit("1", "1", gt=0)]
Density = Annotated[float, Unit("1/m^3", "1/mL", gt=0)]
Place = Literal["product", "injected", "lesion", "stays"]

REFERENCE = "reference"
"""The laboratory in whose colonies the model counts progenitors."""
EXAMPLE = "at least 30,000 progenitors and 1,500 per mL in the lesion (Paris assay)"
ACCEPTED = (
    "write a number of progenitors, a number per mL or a number of nucleated cells, then where: "
    f"in the product, injected, in the lesion, or that stay; for example '{EXAMPLE}'"
)

TO_THE = r"(?:(?:in|at|to|reach(?:es|ing)?) )?(?:the )?"
PLACES: tuple[tuple[Place, str], ...] = (
    ("stays", r"\b(?:that |which )?(?:stays?|staying|kept|retained|remain(?:s|ing)?)\b"),
    ("stays", r"\bafter (?:the )?(?:first days|wash ?-?out)\b"),
    ("product", r"\b(?:(?:in|of) )?(?:the )?(?:product|syringe|concentrate|graft)\b"),
    ("injected", r"\b(?:that (?:is|are) )?(?:injected|through (?:the )?needle)\b"),
    ("lesion", rf"\b(?:placed )?{TO_THE}(?:lesion|site|gap|non-?union|fracture)\b"),
)
ASSAY = re.compile(
    r"\b(?:assay|laboratory|lab) of (?P<after>[a-z][\w-]*)"
    r"|(?P<before>(?:[a-z][\w-]* ){1,4})(?:assay|laboratory|lab)\b"
)
NO_NAME = re.compile(
    r"progenitors?|cells?|nucleated|tnc|cfu(?:-fs?)?|ctps?|colon(?:y|ies)|units?|ml|millilit(?:re|er)s?|"
    r"cc|lesion|site|gap|non-?union|fracture|product|syringe|concentrate|graft|injected|needle|stays?|"
    r"kept|retained|days|in|at|by|of|the|with|and|an?|per|least|thousand|million"
)
"""Words before an assay that are no part of its laboratory's name."""
NUMBER = (
    r"(?P<number>\d{1,3}(?:[,'\u2019\u202f ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:e[+-]?\d{1,2})?)"
    r"\s*(?P<size>k\b|thousand\b|million\b|m\b(?! ?l)|billion\b)?"
)
PER_ML = r"\s*(?:per|/|a)\s*(?:ml|millilit(?:re|er)|cm3|cm\^3|cc)\b"
OF_NUCLEATED = r"(?:total )?(?:nucleated(?: cells?)?|tncs?|wbcs?)\b"
OF_PROGENITORS = (
    r"(?:(?:connective[- ]tissue )?progenitors?(?: cells?)?|"
    r"cfu(?:-?fs?)?|colon(?:y|ies)(?:[- ]forming (?:units?|cells?))?|ctps?)\b"
)
WANTED = re.compile(
    rf"{NUMBER}\s*(?:(?P<nucleated>{OF_NUCLEATED})|(?P<cells>{OF_PROGENITORS}))?(?P<per>{PER_ML})?"
)
FILLERS = re.compile(
    r"(?<![\w-])(?:at least|(?:no|not) (?:fewer|less) than|minimum|min\.?|or more|and|with|of|the|"
    r"in|at|by|an?|as counted|counted|assay|density|dose|progenitors|reference)(?![\w-])"
    r"|[,;.:()+&>≥=]"
)
GROWN = re.compile(
    r"(?:\b(?:and|with|including|counting) )?\b(?:grown|cultured|(?:culture[- ])?expanded)"
    r"(?: or not|(?: progenitors?)?(?: cells?)?)\b"
    r"(?:,? ?(?:are )?(?:included|counted|count|too)\b)?"
)
"""Says that cells grown in culture count."""
SIZES = {"": 1.0, "k": 1e3, "thousand": 1e3, "million": 1e6, "m": 1e6, "billion": 1e9}
UPPER = re.compile(r"\b(?:at most|no more than|not more than|less than|fewer than|below|under|"
                   r"between|up to|maximum)\b|[<≤]")  # fmt: skip


class Prescription(Document):
    """Least numbers that a dose should reach, all of them at once.

    Parameters
    ----------
    progenitors
        Progenitors, as colonies of the assay [-].
    density
        Progenitors per volume of what carries them there [1/m^3].
    nucleated
        Nucleated cells, progenitors included [-].
    place
        Where they count: in the ``product``, ``injected`` through the needle, in the ``lesion``
        right after the injection, or what ``stays`` there after the first days.
    assay
        Whose colonies are counted; a laboratory of the catalogue, or ``reference``.
    grown
        Whether cells grown in culture count, one for one. They are cells, not colonies, and a
        count of colonies is judged without them.
    """

    progenitors: Cells | None = None
    density: Density | None = None
    nucleated: Cells | None = None
    place: Place = "lesion"
    assay: Annotated[str, Field(min_length=1)] = REFERENCE
    grown: Flag = False

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if self.progenitors is None and self.density is None and self.nucleated is None:
            raise ValueError("asks for nothing; give progenitors, density or nucleated")
        return self

    def in_words(self) -> str:
        """Return the prescription as a person would say it; :func:`read` takes it back."""
        asked = []
        if self.progenitors is not None:
            asked.append(f"{_written(self.progenitors)} progenitors")
        if self.density is not None:
            asked.append(f"{_written(self.density * 1e-6)} per mL")
        if self.nucleated is not None:
            asked.append(f"{_written(self.nucleated)} nucleated cells")
        where = {
            "product": "in the product",
            "injected": "injected",
            "lesion": "in the lesion",
            "stays": "that stay in the lesion",
        }[self.place]
        named = self.assay.replace("_", " ").capitalize() if self.assay != REFERENCE else REFERENCE
        counts = ", grown cells included," if self.grown else ""
        return f"at least {' and '.join(asked)}{counts} {where} ({named} assay)"


def _written(value: float) -> str:
    exact = f"{value:,.10g}"
    return exact if "e" not in exact else f"{value:.10g}".replace("+", "")


def read(text: str) -> Prescription:
    """Return the prescription that a sentence says.

    Order, capitals and filling words do not matter. Numbers are written ``30,000``, ``30000``,
    ``3e4`` or ``30 thousand``; a number per mL is of progenitors. Without a place it is meant in
    the lesion, without an assay in colonies of the reference laboratory. Cells grown in culture
    count where the text says so: ``grown cells included``, or a number of ``grown cells``.

    Raises
    ------
    InputError
        If a part of the text cannot be read, with the part and what would be accepted.
    """
    rest = " ".join(text.lower().split())
    _refuse_what_reads_two_ways(rest, text)
    rest, grown = GROWN.subn(" ", rest)
    rest, assay = _taken_assay(" ".join(rest.split()))
    rest, places = _taken_places(rest)
    if len(places) > 1:
        raise InputError(f"prescription '{text}': names two places; {ACCEPTED}")
    found: dict[str, object] = {}
    for match in WANTED.finditer(rest):
        key = "density" if match["per"] else "nucleated" if match["nucleated"] else "progenitors"
        if match["per"] and match["nucleated"]:
            raise InputError(
                f"prescription '{text}': nucleated cells are asked for as a number, not per mL"
            )
        if key in found:
            raise InputError(f"prescription '{text}': says {key} twice; {ACCEPTED}")
        digits = re.sub(r"[,'\u2019\u202f ]", "", match["number"])
        value = float(digits) * SIZES[match["size"] or ""]
        found[key] = f"{value!r} 1/mL" if key == "density" else value
    left = " ".join(FILLERS.sub(" ", WANTED.sub(" ", rest)).split())
    if left or not found:
        what = f"'{left}' cannot be read" if left else "it holds no number"
        raise InputError(f"prescription '{text}': {what}; {ACCEPTED}")
    return validate(
        Prescription,
        {
            **found,
            "place": next(iter(places), "lesion"),
            "assay": assay,
            "grown": grown > 0,
        },
        f"prescription '{text}'",
    )


def _taken_assay(rest: str) -> tuple[str, str]:
    """Return a text without the assay it names, and the assay."""
    match = ASSAY.search(rest)
    if match is None:
        return rest, REFERENCE
    if match["after"]:
        kept, name = "", match["after"]
    else:
        words = match["before"].split()
        known = max(
            (n for n, word in enumerate(words, start=1) if NO_NAME.fullmatch(word)), default=0
        )
        kept, name = " ".join(words[:known]), "_".join(words[known:])
    left = f"{rest[: match.start()]} {kept} {rest[match.end() :]}"
    return left, name.replace("-", "_") or REFERENCE


def _taken_places(rest: str) -> tuple[str, set[Place]]:
    """Return a text without the places it names, and the places."""
    places: set[Place] = set()
    for place, pattern in PLACES:
        cut = re.sub(pattern, " ", rest)
        if cut != rest:
            places.add(place)
            rest = cut
    return rest, {"stays"} if places == {"stays", "lesion"} else places


def _refuse_what_reads_two_ways(lowered: str, text: str) -> None:
    """Raise InputError for an upper limit, and for a dot or comma that may mean two things."""
    if re.search(r"\d\.\d{3}(?!\d)", lowered) or re.search(r"\d,(?!\d{3}(?!\d))\d", lowered):
        raise InputError(
            f"prescription '{text}': a number reads two ways; write thousands as 30,000 and "
            "parts as 1.5"
        )
    lower = re.search(r"\bno(?:t)? (?:fewer|less) than\b", lowered)
    if UPPER.search(lowered) and not lower:
        raise InputError(f"prescription '{text}': only least numbers can be asked for; {ACCEPTED}")
