"""The numbers of a day: what the host, the drugs and the inflammation make of the rates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trephine.case.patient import Patient
from trephine.case.plan import Plan
from trephine.models import host, inflammation, injury
from trephine.models.healing import HealParameters
from trephine.models.migration import PROGENITORS
from trephine.models.model import HealingModel
from trephine.models.tissue import Tissue
from trephine.stages.heal.moment import Moment


class Host:
    """The patient of one course; asked for the numbers of each day."""

    def __init__(
        self,
        patient: Patient,
        plan: Plan,
        p: HealParameters,
        numbers: Mapping[str, float],
        model: HealingModel,
        tissue: Tissue,
        fresh: injury.InjuryParameters | None = None,
    ) -> None:
        self.patient, self.plan, self.p, self.model = patient, plan, p, model
        self.fresh = None if fresh is None else injury.numbers(fresh)
        self.injuries: list[float] = []
        self.plain = dict(numbers)
        self.inflamed = inflammation.numbers(p.inflammation)
        self.open = np.asarray(tissue.open)

    def at_day_0(self, debris: float) -> dict[str, float]:
        """Return the inflammation of day 0; nothing where the model has none."""
        return inflammation.at_day_0(debris, self.inflamed) if self.model.takes_host else {}

    def at_rest(self) -> dict[str, float]:
        """Return the numbers of day 0 without inflammation: how the tissue was before."""
        if not self.model.takes_host:
            return self.plain
        medications = self.plan.medications
        return host.applied(self.plain, host.factors(self.patient, medications, 0.0, self.p.host))

    def numbers(self, now: Moment) -> dict[str, float]:
        """Return the numbers of the model on a day."""
        if not self.model.takes_host:
            return self.plain
        factors = host.factors(self.patient, self.plan.medications, now.day, self.p.host)
        inflamed = inflammation.modulators(now.inflammation, self._cells(now), self._rates(now))
        if not self.injuries:
            return host.applied(self.plain, factors, inflamed)
        level, p = self.plain["host_level"], self.of_injury()
        roused = {"host_level": injury.rousing(now.day, self.injuries, level, p)}
        return host.applied(self.plain, factors, inflamed, roused)

    def of_injury(self) -> dict[str, float]:
        """Return the numbers of a fresh injury.

        Raises
        ------
        ValueError
            If the course was given none.
        """
        if self.fresh is None:
            raise ValueError("a fresh injury needs its parameters; give injury=")
        return self.fresh

    def potency(self, day: float = 0.0) -> float:
        """Return functional progenitors for each colony of the patient's marrow on a day [-]."""
        factors = host.factors(self.patient, self.plan.medications, day, self.p.host)
        return self.plain["assay_factor"] * factors.get("host_level", 1.0)

    def injured(self, inflammation_now: dict[str, float], debris: float) -> dict[str, float]:
        """Return the inflammation with the debris of an operation."""
        return inflammation.injure(inflammation_now, debris, self.inflamed)

    def wait(self, now: Moment, days: float) -> None:
        """Let the inflammation go on for some days, among the progenitors of their beginning."""
        if self.model.takes_host:
            now.inflammation = inflammation.after(
                now.inflammation, days, self._cells(now), self._rates(now)
            )

    def _rates(self, now: Moment) -> dict[str, float]:
        drugs = self.plan.medications
        factors = host.factors_on_macrophages(self.patient, drugs, now.day, self.p.host)
        return host.applied(self.inflamed, factors)

    def _cells(self, now: Moment) -> float:
        """Return the progenitors per volume of healing tissue [1e6/mL]."""
        cells = sum((np.asarray(now.state[n]) for n in PROGENITORS), np.zeros_like(self.open))
        return float(np.sum(cells * self.open) / np.sum(self.open))
