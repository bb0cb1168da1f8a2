"""The shared state of a simulator: time, ids, the tenant's store, its apps and people, and the notifier."""

from __future__ import annotations

from dataclasses import dataclass
from threading import RLock

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.simulator.admission import Admission
from pytest_graphcalls.simulator.clock import Clock, Ids, Pace
from pytest_graphcalls.simulator.identity import Authority
from pytest_graphcalls.simulator.notifications import Notifier
from pytest_graphcalls.simulator.people import People
from pytest_graphcalls.simulator.store import Store
from pytest_graphcalls.simulator.switches import Switches


@dataclass(frozen=True, slots=True)
class World:
    """One tenant, for the parts of a simulator that act on it.

    Attributes:
        contract: what is published.
        lock: held while anything changes.
        tenant_id: the tenant.
        clock: virtual time, and how long things take.
        ids: new ids, from the seed.
        store: calls, conferences, participants, operations.
        people: who can be called, and what they will do.
        authority: apps and tokens.
        notifier: notes down what each bot is notified of.
        admission: reads and judges the bodies of requests.
        switches: which of several behaviours is simulated.
    """

    contract: Contract
    lock: RLock
    tenant_id: str
    clock: Clock
    ids: Ids
    store: Store
    people: People
    authority: Authority
    notifier: Notifier
    admission: Admission
    switches: Switches

    @property
    def pace(self) -> Pace:
        """How long things take now."""
        return self.clock.pace
