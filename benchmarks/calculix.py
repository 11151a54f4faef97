"""The gapped tube by CalculiX, a check of the answer by a code of another tradition.

Run with ``python benchmarks/calculix.py --part calculix``.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

import blocks
from process import Found, asked_for


def deck(modulus: blocks.Field) -> str:
    """Return the block as CalculiX reads it, solved by diagonally scaled conjugate gradients."""
    count = blocks.nodes(modulus.shape)
    number = np.arange(1, np.prod(count) + 1).reshape(count)
    nx, ny, nz = modulus.shape
    around = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)]
    around += [(i, j, 1) for i, j, _ in around]
    corners = np.stack([number[i : i + nx, j : j + ny, k : k + nz] for i, j, k in around], -1)
    lines = ["*NODE, NSET=ALL"]
    places = np.argwhere(number > 0)
    lines += [f"{n},{x},{y},{z}" for n, (x, y, z) in zip(number.ravel(), places, strict=True)]
    element = 0
    for which, value in enumerate(np.unique(modulus)):
        lines += [f"*ELEMENT, TYPE=C3D8, ELSET=E{which}"]
        for line in corners[modulus == value].tolist():
            element += 1
            lines.append(",".join(map(str, [element, *line])))
        lines += [f"*MATERIAL, NAME=M{which}", "*ELASTIC", f"{float(value)!r},{blocks.POISSON}"]
        lines += [f"*SOLID SECTION, ELSET=E{which}, MATERIAL=M{which}"]
    for name, layer in (("FOOT", number[:, :, 0]), ("HEAD", number[:, :, -1])):
        lines += [f"*NSET, NSET={name}", *map(str, layer.ravel())]
    lines += ["*STEP", "*STATIC, SOLVER=ITERATIVE SCALING", "*BOUNDARY", "FOOT,1,3"]
    lines += ["HEAD,1,2", "HEAD,3,3,-1.0", "*NODE PRINT, NSET=ALL", "U", "*END STEP", ""]
    return "\n".join(lines)


def calculix() -> Found:
    """Measure CalculiX: reading, assembling and solving are one."""
    modulus = blocks.moduli("gap", 1.0)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "tube.inp").write_text(deck(modulus), encoding="ascii")
        begin = time.perf_counter()
        command = [shutil.which("ccx") or "ccx", "tube"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)  # noqa: S603
        took = time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        lines = Path(folder, "tube.dat").read_text(encoding="ascii").splitlines()
    values = [line.split() for line in lines if line.strip() and line.split()[0].isdigit()]
    printed = np.asarray(values, float)
    u = printed[np.argsort(printed[:, 0]), 1:].reshape((*blocks.nodes(modulus.shape), 3))
    return {"cold": took, "peak_MB": peak, "answer": blocks.judged(u, modulus, 1.0)}


if __name__ == "__main__":
    asked_for({"calculix": calculix})
