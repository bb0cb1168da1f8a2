"""The bot under test: it is told what happens, and everything it does is written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pytest_graphcalls.bot.assertions import Assertions
from pytest_graphcalls.bot.courier import VALUE_OF_NOW, Courier, Terms, never
from pytest_graphcalls.bot.forgery import FORGED, FORGERIES, MADE_UP
from pytest_graphcalls.bot.ledger import Asked, Delivery, Ledger
from pytest_graphcalls.bot.timeline import known_of
from pytest_graphcalls.bot.virtual_sleep import Sleepers
from pytest_graphcalls.errors import BotError, SettingError, UnknownNameError
from pytest_graphcalls.simulator import Simulator
from pytest_graphcalls.validation import quantity, shown
from pytest_graphcalls.wire import Exchange, Notification

_LOOK_EVERY = 0.005


class Bot(Assertions):
    """A bot and what it does. Calling it says where the bot is: ``bot(app)``; what it did is asserted with its methods.

    Args:
        simulator: the tenant that it works in.
        seed: of the run, for the ledger.
        most: how many entries the ledger keeps, the latest ones; by default all.
        most_bytes: about how much memory the ledger may take; by default any.
        side_by_side: whether it is told of different calls at the same time; see :class:`.Courier`.
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
        self._sleepers = Sleepers(simulator.later, lambda: self._courier.linger if self._courier else 0.0)
        self.where = ""
        """Its URL; ``\"\"`` when it is nowhere, or an application."""

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
        """Deliver to a bot what the simulator tells from now on, whenever time passes: ``simulator.advance(0)``.

        Args:
            where: the bot: an ASGI or WSGI application, or an ``http(s)://`` URL of this machine.
            path: the bot's path for notifications to its registered address. By default that of ``where``, if it
                is a URL with one, else the path of the registered address itself, ``/api/calls``.
            callbacks: by scheme and host of a ``callbackUri``: another application or URL. Every other
                ``callbackUri`` goes to ``where``, with its own path; none is ever followed.
            allow_hosts: hosts that a URL, or a redirect, may name besides this machine.
            timeout: real seconds that the bot has for its answer (assumed).
            redeliveries: how often a notification comes again when the bot has failed (assumed).
            spacing: virtual seconds in between (assumed).
            linger: real seconds to wait for the tasks or threads that a bot in this process has started.
            signed: whether a bearer token goes along.
            epoch: gives the present in seconds since 1970, for the tokens; by default the real one.
            busy: whether the bot is still at something, e.g. ``lambda: queue.unfinished_tasks``; asked after each
                answer until it is not, ``timeout`` long. Tasks and threads that a notification has started are waited
                for anyway; workers that were there before cannot be seen into.

        Raises:
            SettingError: ``where`` is nothing that can be posted to, or a value is out of range.
        """
        terms = Terms(timeout, redeliveries, spacing, linger, signed)
        facts: dict[str, Any] = {"path": path, "callbacks": callbacks, "allow_hosts": allow_hosts, "epoch": epoch}
        facts |= {"ledger": self.ledger, "side_by_side": self._side_by_side, "busy": busy}
        courier = Courier(self.simulator, where, terms=terms, **facts)
        self.watch()
        before, self._courier = self._courier, courier
        self.where = where if isinstance(where, str) else ""
        self.simulator.deliver_to(courier)
        if before is not None:
            before.close()
        return self

    def watch(self) -> None:
        """Write down what is asked for, and which faults strike, from now on; where the bot is may come later."""
        if not self._watching:
            self._watching = True
            self.simulator.observe(self._asked)
            self.simulator.faults.listen(self.ledger.strike)

    def _asked(self, exchange: Exchange) -> None:
        self.ledger.ask(self.simulator.now, exchange)

    @property
    def courier(self) -> Courier:
        """What delivers to it; raises :class:`SettingError` before anybody has said where the bot is."""
        if self._courier is None:
            raise SettingError("bot", "nothing", "an application or a URL", "Say where it is: graphcalls.bot(app).")
        return self._courier

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """Every attempt to tell the bot something, in order."""
        return self.ledger.deliveries

    @property
    def requests(self) -> tuple[Asked, ...]:
        """Every request that the simulator answered since, in order."""
        return self.ledger.requests

    def timeline(self) -> str:
        """Everything that happened, as text: what the bot was told and what it asked for."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"seed {self._seed}, virtual time {self.simulator.now:g} s"
        yield from self.ledger.lines()

    def wait_for(self, condition: Callable[[], object], *, seconds: float = 5.0) -> None:
        """Wait in real time for what a bot behind a URL does after its answer; nobody can see when it is done.

        Bots in this process are waited for anyway. Virtual time stands still.

        Args:
            condition: is asked until it is true, e.g. ``lambda: call.rejected_with``.
            seconds: real seconds to wait at most.

        Raises:
            BotError: it did not become true; with the timeline.
            SettingError: ``condition`` cannot be asked, or ``seconds`` is no number of 0 or more.
        """
        quantity("wait_for(seconds)", seconds, unit="real seconds")
        if not callable(condition):
            expected = "a function, e.g. lambda: call.rejected_with"
            raise SettingError("wait_for(condition)", shown(condition), expected, VALUE_OF_NOW)
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                what = f"what was waited for did not happen within {seconds:g} real seconds"
                raise BotError(what, self.ledger.lines())
            time.sleep(_LOOK_EVERY)

    def sleep(self, seconds: float) -> Coroutine[Any, Any, None]:
        """Sleep by virtual time, in place of ``asyncio.sleep`` for the timers of a bot in this process.

        Whoever lets time pass wakes the task at its own moment, and waits up to ``linger`` real seconds until it
        sleeps again or is over: ``advance(3600)`` is six keepAlives of a bot that sends one every ten minutes.

        Args:
            seconds: virtual seconds.

        Raises:
            SettingError: ``seconds`` is no number of 0 or more.
        """
        return self._sleepers.sleep(seconds)

    def send_again(self, token: str | None = None, *, remark: str = "once more") -> Delivery:
        """Post the last notification that the bot took once more; if it took none, an incoming call that is none.

        Args:
            token: the bearer token; ``""`` for none, and by default a good one.
            remark: what is special about it, for the ledger.
        """
        note = self._last_taken()
        return self.courier.post(note or self._made_up(), token=token, remark=remark if note else MADE_UP)

    def _last_taken(self) -> Notification | None:
        taken = (known_of(self.simulator, one) for one in reversed(self.deliveries) if one.accepted)
        return next(filter(None, taken), None)

    def _made_up(self) -> Notification:
        shadow = Simulator(seed=1, tenant_id=self.simulator.tenant_id)
        app = shadow.authority.register()
        shadow.incoming_call(app=app)
        ours = self.simulator.authority.app
        return replace(shadow.notifications[0], posted_to=ours.callback_uri, app_id=ours.app_id)

    def forge(self, name: str) -> Delivery:
        """Post a notification with a token that is wrong in one thing, and see what the bot does.

        Args:
            name: of the forgery, e.g. ``wrong audience``; :data:`FORGERIES` has them all.

        Raises:
            UnknownNameError: there is no such forgery.
        """
        if name not in FORGERIES:
            raise UnknownNameError("forgery", name, tuple(FORGERIES), few=True)
        courier = self.courier
        note = self._last_taken() or self._made_up()
        app = self.simulator.authority.find(note.app_id) or self.simulator.authority.app
        token = FORGERIES[name].make(self.simulator, app, courier.epoch)
        return courier.post(note, token=token, remark=f"{FORGED}{name}")

    def settle(self, patience: float) -> bool:
        """Wait for what it is being told side by side; see :meth:`.Lines.settle`."""
        courier = self._courier
        return courier is None or courier.settle(patience)

    def close(self) -> None:
        """Leave the bot: nothing is delivered any more."""
        if self._courier is not None:
            self.simulator.deliver_to(None)
            self._courier.close()
            self._courier, self.where = None, ""
