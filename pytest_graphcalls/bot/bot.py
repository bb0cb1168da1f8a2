"""The bot under test: notifications are delivered to it, and its requests are recorded in a ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pytest_graphcalls.bot.assertions import Assertions
from pytest_graphcalls.bot.courier import FUNCTION_HINT, Courier, Terms, never
from pytest_graphcalls.bot.forgery import FORGED, FORGERIES, INVENTED
from pytest_graphcalls.bot.inprocess import VirtualSleep
from pytest_graphcalls.bot.ledger import Asked, Delivery, Ledger
from pytest_graphcalls.bot.timeline import stored_notification
from pytest_graphcalls.contract import Contract
from pytest_graphcalls.errors import BotError, SettingError, UnknownNameError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.validation import quantity, shown
from pytest_graphcalls.wire import Exchange, Notification

_POLL_SECONDS = 0.005


class Bot(Assertions):
    """A bot under test. Calling it attaches a bot, ``bot(app)``; its methods assert how the bot has behaved.

    Args:
        simulator: the tenant that it works in.
        seed: seed of the run, for the timeline.
        most: maximum number of ledger entries, the latest are kept; by default all.
        most_bytes: approximate maximum of memory for them; by default unlimited.
        side_by_side: whether notifications of different calls are delivered at the same time; see :class:`.Courier`.
    """

    def __init__(
        self,
        simulator: Simulator,
        *,
        seed: int = 0,
        most: int | None = None,
        most_bytes: int | None = None,
        side_by_side: Callable[[], bool] = never,
    ) -> None:
        self.simulator = simulator
        self.ledger = Ledger(most, most_bytes)
        self._seed = seed
        self._side_by_side = side_by_side
        self._courier: Courier | None = None
        self._watching = False
        self._virtual_sleep = VirtualSleep(simulator.later, lambda: self._courier.linger if self._courier else 0.0)
        self.where = ""
        """URL of the attached bot; ``\"\"`` for an application, or when none is attached."""

    def __call__(
        self,
        where: Any,
        *,
        path: str = "",
        callbacks: Mapping[str, Any] | None = None,
        allow_hosts: Collection[str] = (),
        timeout: float = 5.0,
        redeliveries: int = 2,
        spacing: float = 1.0,
        linger: float = 1.0,
        signed: bool = True,
        epoch: Callable[[], float] | None = None,
        busy: Callable[[], object] = never,
    ) -> Bot:
        """Attach a bot: the simulator's notifications are delivered to it from now on, at each ``advance``.

        Args:
            where: the bot: an ASGI or WSGI application, or an ``http(s)://`` URL of this machine.
            path: the bot's path for notifications to its registered address. By default that of ``where``, if it
                is a URL with one, else the path of the registered address itself, ``/api/calls``.
            callbacks: by scheme and host of a ``callbackUri``: another application or URL. Every other
                ``callbackUri`` goes to ``where``, with its own path; none is ever followed.
            allow_hosts: hosts that a URL, or a redirect, may name besides this machine and those of ``callbacks``.
            timeout: real seconds that the bot has for its answer (assumed).
            redeliveries: how often a notification is repeated when the bot has failed (assumed).
            spacing: virtual seconds in between (assumed).
            linger: real seconds to wait for the tasks or threads that a bot in this process has started.
            signed: whether a bearer token is sent.
            epoch: gives the present time in seconds since 1970, for the tokens; by default the real one.
            busy: whether the bot still works on a notification, e.g. ``lambda: queue.unfinished_tasks``; asked after
                each answer until it does not, for at most ``timeout``. Tasks and threads that a notification has
                started are waited for anyway; the work of older ones is invisible.

        Raises:
            SettingError: ``where`` cannot be posted to, or a value is out of range.
        """
        terms = Terms(timeout, redeliveries, spacing, linger, signed)
        facts: dict[str, Any] = {"path": path, "callbacks": callbacks, "allow_hosts": allow_hosts, "epoch": epoch}
        facts |= {"ledger": self.ledger, "side_by_side": self._side_by_side, "busy": busy}
        courier = Courier(self.simulator, where, terms=terms, **facts)
        self.watch()
        before, self._courier = self._courier, courier
        self.where = where if isinstance(where, str) else ""
        self.simulator.deliver_to(courier)
        self.simulator.prompts.files = courier
        if before is not None:
            before.close()
        return self

    def watch(self) -> None:
        """Record requests and injected faults from now on; a bot may be attached later."""
        if not self._watching:
            self._watching = True
            self.simulator.observe(self._record_request)
            self.simulator.faults.listen(self.ledger.record_fault)

    def _record_request(self, exchange: Exchange) -> None:
        self.ledger.record_request(self.simulator.now, exchange)

    @property
    def courier(self) -> Courier:
        """The courier that delivers to the bot; raises :class:`SettingError` while no bot is attached."""
        if self._courier is None:
            raise SettingError("bot", "nothing", "an application or a URL", "Say where it is: graphcalls.bot(app).")
        return self._courier

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """All attempts to deliver a notification to the bot, in order."""
        return self.ledger.deliveries

    @property
    def requests(self) -> tuple[Asked, ...]:
        """All requests that the simulator has answered since, in order."""
        return self.ledger.requests

    def requests_to(self, operation: str) -> tuple[Asked, ...]:
        """The requests that mean one operation, in order: each with ``json``, ``answer`` and ``at``.

        Args:
            operation: id of the operation, e.g. ``call-playprompt``.

        Raises:
            UnknownNameError: there is no such operation.
            SettingError: no bot is attached, so requests are not recorded.
        """
        known = Contract.packaged().operation(operation)
        if not self._watching:
            _ = self.courier
        return tuple(one for one in self.requests if one.operation == known.id)

    def _record_raised(self) -> None:
        """Record what tasks of a bot in this process have raised since the last time."""
        if self._courier is not None:
            self._courier.record_raised()

    def timeline(self) -> str:
        """The ledger as text: deliveries to the bot and its requests."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        self._record_raised()
        yield f"seed {self._seed}, virtual time {self.simulator.now:g} s"
        yield from self.ledger.lines()

    def wait_for(self, condition: Callable[[], object], *, seconds: float = 5.0) -> None:
        """Wait in real time for the work of a bot behind a URL after its answer, which is invisible otherwise.

        Bots in this process are waited for anyway. Virtual time stands still.

        Args:
            condition: called until it is true, e.g. ``lambda: call.rejected_with``.
            seconds: real seconds to wait at most.

        Raises:
            BotError: it did not become true; with the timeline.
            SettingError: ``condition`` is not a function, or ``seconds`` is not a number of 0 or more.
        """
        quantity("wait_for(seconds)", seconds, unit="real seconds")
        if not callable(condition):
            expected = "a function, e.g. lambda: call.rejected_with"
            raise SettingError("wait_for(condition)", shown(condition), expected, FUNCTION_HINT)
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                what = (
                    f"the condition did not become true within {seconds:g} real seconds, in which virtual time stands "
                    "still; simulator.advance(…) posts what is due, so call it before"
                )
                raise BotError(what, self.ledger.lines())
            time.sleep(_POLL_SECONDS)

    def sleep(self, seconds: float) -> Coroutine[Any, Any, None]:
        """Sleep in virtual time, instead of ``asyncio.sleep``, for the timers of a bot in this process.

        The caller that advances time wakes the task when its time has come, and waits up to ``linger`` real seconds
        until it sleeps again or is done: ``advance(3600)`` is six keepAlives of a bot that sends one every ten minutes.

        Args:
            seconds: virtual seconds.

        Raises:
            SettingError: ``seconds`` is not a number of 0 or more.
        """
        return self._virtual_sleep.sleep(seconds)

    def send_again(self, token: str | None = None, *, remark: str = "once more") -> Delivery:
        """Post the last accepted notification once more; if there is none, that of an invented incoming call.

        Args:
            token: the bearer token; ``""`` for none, and by default a good one.
            remark: a remark for the ledger.
        """
        note = self._last_accepted()
        return self.courier.post(
            note or self._invented_notification(), token=token, remark=remark if note else INVENTED
        )

    def _last_accepted(self) -> Notification | None:
        taken = (stored_notification(self.simulator, one) for one in reversed(self.deliveries) if one.accepted)
        return next(filter(None, taken), None)

    def _invented_notification(self) -> Notification:
        second = Simulator(seed=1, tenant_id=self.simulator.tenant_id)
        app = second.authority.register()
        second.incoming_call(app=app)
        ours = self.simulator.authority.app
        return replace(second.notifications[0], posted_to=ours.callback_uri, app_id=ours.app_id)

    def forge(self, name: str) -> Delivery:
        """Post a notification with a forged token.

        Args:
            name: name of the forgery, e.g. ``wrong audience``; see :data:`FORGERIES`.

        Raises:
            UnknownNameError: there is no such forgery.
        """
        if name not in FORGERIES:
            raise UnknownNameError("forgery", name, tuple(FORGERIES), few=True)
        courier = self.courier
        note = self._last_accepted() or self._invented_notification()
        app = self.simulator.authority.find(note.app_id) or self.simulator.authority.app
        token = FORGERIES[name].make(self.simulator, app, courier.epoch)
        return courier.post(note, token=token, remark=f"{FORGED}{name}")

    def wait_until_idle(self, patience: float) -> bool:
        """Wait for parallel deliveries; see :meth:`.Lines.wait_until_idle`."""
        courier = self._courier
        return courier is None or courier.wait_until_idle(patience)

    def close(self) -> None:
        """Detach the bot: notifications are no longer delivered."""
        if self._courier is not None:
            self.simulator.deliver_to(None)
            self.simulator.prompts.files = None
            self._courier.close()
            self._courier, self.where = None, ""
