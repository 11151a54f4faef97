"""Owns the results of the verification: what a test run wrote, counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from trephine.core.errors import StoreError

Plain = dict[str, Any]

TWIN = ("rejects", "refuses")
"""Words in the name of a test that makes a broken version and must reject it."""
ENDINGS = ("passed", "failed", "skipped")


def verified(path: Path) -> Plain:
    """Return how many tests of each file passed, failed and were skipped, and how many are twins.

    Parameters
    ----------
    path
        What ``pytest --junitxml`` wrote.

    Raises
    ------
    StoreError
        If it is damaged, or tells of no test.
    """
    try:
        root = ET.parse(path).getroot()  # noqa: S314  (written by our own test run)
    except (OSError, ET.ParseError) as error:
        raise StoreError(f"{path} tells no results of tests ({error})") from error
    files: dict[str, Plain] = {}
    failed = []
    for case in root.iter("testcase"):
        kind = case.get("classname", "").rsplit(".", 1)[-1].removeprefix("test_").replace("_", " ")
        name = case.get("name", "")
        told = files.setdefault(kind, dict.fromkeys((*ENDINGS, "twins"), 0))
        ending = "passed"
        if case.find("failure") is not None or case.find("error") is not None:
            ending = "failed"
            failed.append(f"{kind}: {name}")
        elif case.find("skipped") is not None:
            ending = "skipped"
        told[ending] += 1
        told["twins"] += any(word in name for word in TWIN)
    if not files:
        raise StoreError(f"{path} tells of no test")
    whole = {key: sum(told[key] for told in files.values()) for key in (*ENDINGS, "twins")}
    rows = [{"kind": kind, **files[kind]} for kind in sorted(files)]
    return {"files": rows, "failed_tests": sorted(failed), **whole}
