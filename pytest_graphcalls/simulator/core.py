"""The simulator: one tenant, one world, no sockets and no wall clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from pytest_graphcalls.simulator.batching import answer_batch, is_batch
from pytest_graphcalls.simulator.clock import DEFAULT_START, Pace
from pytest_graphcalls.simulator.faults import Fault
from pytest_graphcalls.simulator.handlers import HANDLERS, Handler, Parts
from pytest_graphcalls.simulator.identity import App
from pytest_graphcalls.simulator.outbox import Carried, Courier
from pytest_graphcalls.simulator.person import Person
from pytest_graphcalls.simulator.responses import Refusal
from pytest_graphcalls.simulator.scenario import Meeting
from pytest_graphcalls.simulator.simulated_call import SimulatedCall
from pytest_graphcalls.wire import Exchange, Notification, Request, Response

Proceed = Callable[[Request], Response]
"""The function that an interceptor calls to let the request through."""
Interceptor = Callable[[Request, Proceed], Response]


class Simulator(Parts):
    """A Microsoft Graph calls service for one tenant, in memory.

    It takes requests and gives answers as plain values, keeps what it would post to the bot in
    :attr:`notifications`, and lets time pass only in :meth:`advance`. Safe under threads. The same seed and the
    same sequence of calls give the same ids.

    Every behaviour is a method of one of its parts (``admission``, ``creation``, ``calls``, ``incoming``,
    ``transfers``, ``participants``, ``invitations``, ``media``, ``meetings``, ``prompts``, ``hearing``,
    ``routing``, ``sharing``, ``operations``, ``notifier``) that can be replaced on the instance.

    Args:
        seed: for all ids.
        tenant_id: the tenant; by default one that belongs to the seed.
        start: the moment that virtual time starts from.
        pace: how long things take.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        tenant_id: str | None = None,
        start: datetime = DEFAULT_START,
        pace: Pace = Pace(),  # noqa: B008  a frozen value
    ) -> None:
        super().__init__(seed, tenant_id, start, pace)
        self.handlers: dict[str, Handler] = {id: partial(handler, self) for id, handler in HANDLERS.items()}
        """By operation id: what carries it out. An entry can be replaced."""
        self._aside: tuple[tuple[str, Callable[[Request], Response | None]], ...] = (
            ("/oauth2/", self.signin.answer),
            ("/discovery/", self.signin.answer),
            ("/.well-known/", self.signin.answer),
            ("/v1/", self.channel.answer),
            ("/recordings/", self._recording),
        )
        """By a part of the address: what answers it outside the calls API, on whatever host it is asked for."""
        self._answer: Proceed = partial(self.faults.answer, self._carry_out)
        self._observers: list[Callable[[Exchange], None]] = []

    @property
    def pace(self) -> Pace:
        """How long things take; see :meth:`set_pace`."""
        return self.clock.pace

    def set_pace(self, **seconds: float) -> None:
        """Let things take another time from now on, e.g. ``set_pace(alone=60)``; :meth:`reset` does not undo it.

        Args:
            seconds: members of :class:`.Pace`, in virtual seconds.

        Raises:
            UnknownNameError: there is no such member, or :class:`SettingError`: one is no number of 0 or more.
        """
        with self.lock:
            self.clock.set_pace(seconds)

    @property
    def now(self) -> float:
        """Virtual seconds since the start."""
        return self.clock.now

    @property
    def open_directory(self) -> bool:
        """Whether every person, phone and meeting exists, and not only those that were made; :meth:`reset` keeps it.

        By default a call to an unknown id ends as one to a person who cannot be reached; an unknown meeting is refused.
        """
        return self.people.open

    @open_directory.setter
    def open_directory(self, is_open: bool) -> None:
        self.people.open = is_open

    @property
    def notifications(self) -> list[Notification]:
        """Everything that would have been posted so far, in order; a new list each time. See :meth:`keep_latest`."""
        with self.lock:
            return self.notifier.written

    def notification(self, number: int) -> Notification | None:
        """The notification with that number, from 0; ``None`` when there is none, or it is kept no longer."""
        with self.lock:
            return self.notifier.numbered(number) if number >= 0 else None

    def keep_latest(self, *, calls: int, notifications: int) -> None:
        """Keep only so much of the past from now on; without this all of it is kept until :meth:`reset`.

        For simulators that run for days. A call that is forgotten was over; asking for it is answered as before,
        404, and a meeting that only such calls were in is unknown again.

        Args:
            calls: how many calls that are over, the latest ones.
            notifications: how many notifications, the latest ones, and whatever is not delivered yet.

        Raises:
            SettingError: one of them is no whole number of 0 or more.
        """
        with self.lock:
            self.retention.limit(calls, notifications)

    def handle(self, request: Request) -> Response:
        """Answer a request. Nothing that a client sends makes this raise or answer 5xx; a fault may.

        An answer that is late, or does not arrive whole, is a :class:`.Faulty`: it holds the whole answer, and
        transports and servers spoil it. Observers are shown it as it is here.

        A request to the sign-in is answered, too; being full of secrets, it is not shown to observers. Neither is a
        request for the keys that notifications are signed with, which is no part of the calls API.
        """
        if is_batch(request):
            return answer_batch(request, self.handle, self.responses)
        with self.lock:
            for mark, answer in self._aside:
                if mark in request.url and (aside := answer(request)) is not None:
                    return aside
            response = self._answer(request)
            self.retention.tidy()
            exchange = Exchange(request, response, look=self.admission.look_at(request, self.cloud.graph_root))
            observers = tuple(self._observers)
        for observe in observers:
            observe(exchange)
        return response

    def _recording(self, request: Request) -> Response | None:
        try:
            return self.media.read_recording(request)
        except Refusal as refusal:
            return self.responses.refuse(request, refusal)

    def _carry_out(self, request: Request) -> Response:
        try:
            ask = self.admission.admit(request)
            reply = self.admission.selected(ask, self.handlers[ask.match.operation.id](ask))
        except Refusal as refusal:
            return self.responses.refuse(request, refusal)
        return self.responses.reply(request, reply, (*reply.passed_over, *self.admission.unread(ask)))

    def advance(self, seconds: float, *, patience: float = 0.0, extra: int | None = None) -> None:
        """Let virtual time pass and run what falls due, in order.

        With a courier, notifications are handed over on the way: what lies there first, then after each event what
        it gave rise to. ``advance(0)`` hands over what is there.

        Args:
            seconds: how much passes.
            patience: real seconds to wait for another thread that is handing over already, with each notification.
                It may be waiting for a bot that has called this, so by default there is no wait.
            extra: how many notifications that come about while others are handed over go out as well, beyond as many
                as were due. If there are more, time passes to the end at once, and they go out with the next
                :meth:`advance`. By default all of them go out, which never ends while others make new ones.

        Raises:
            SettingError: ``seconds`` is no number of 0 or more, or leads past the year 9999.
        """
        with self.lock:
            end = self.clock.end_of(seconds)
        if not self.outbox.is_open:
            self.elapse(seconds)
            return
        going = True
        while going:
            carried = self.outbox.carry_out(patience, extra)
            if carried is Carried.CUT:
                with self.lock:  # so that no other thread adds what is due before the end
                    while self._step(end):
                        pass
                return
            if carried is Carried.BUSY:
                patience = 0.0
            going = self._step(end)
        self.outbox.carry_out(patience, extra)

    def elapse(self, seconds: float) -> None:
        """Let virtual time pass without delivering: notifications wait for the next :meth:`advance`.

        For adapters that let time pass while they answer a request and must not wait. They follow another
        clock, so at the end of the calendar time stands still.
        """
        with self.lock:
            end = self.clock.latest(seconds)
            while self._step(end):
                pass

    def _step(self, end: float) -> bool:
        with self.lock:
            going = self.clock.step(end)
            self.retention.tidy()
            return going

    def deliver_to(self, courier: Courier | None) -> None:
        """Hand every notification that is produced from now on to ``courier``, during :meth:`advance`.

        Args:
            courier: called with a notification and its number (its place in :attr:`notifications`), in order, one
                at a time, in the thread that lets time pass, and never while the simulator is locked or answers.
                What it raises comes out of :meth:`advance`. ``None`` ends it.
        """
        with self.lock:
            self.outbox.deliver_to(courier)

    def later(self, seconds: float, task: Callable[[], None]) -> None:
        """Run ``task`` when ``seconds`` of virtual time have passed, as a courier is called: not while locked.

        It needs a courier; without one nothing is carried out.
        """
        with self.lock:
            self.outbox.later(seconds, task)

    def reset(self, *, start: datetime | None = None) -> None:
        """Be as new: no calls, no notifications, no faults, time zero, the same ids again.

        Observers, interceptors, the courier and replaced steps stay, and so does the default app with its tokens.

        Args:
            start: the moment that virtual time starts from; by default the same as before.
        """
        with self.lock:
            if start is not None:
                self.clock.start_at(start)
            first = (self.clock, self.ids, self.store, self.people, self.authority, self.signin, self.notifier)
            for part in (*first, self.channel, self.prompts, self.switches, self.faults, self.outbox, self.retention):
                part.reset()

    def observe(self, callback: Callable[[Exchange], None]) -> None:
        """Call ``callback`` with every exchange, after it was handled."""
        with self.lock:
            self._observers.append(callback)

    def intercept(self, function: Interceptor) -> None:
        """Put ``function`` around answering; the one added last is outermost.

        Args:
            function: takes the request and what answers it, and returns the answer: unchanged, changed, or
                a different one without asking.
        """
        with self.lock:
            self._answer = partial(_through, function, self._answer)

    def fault(self, name: str, /, **facts: Any) -> Fault:
        """Let something go wrong from now on, until the fault is ended or the simulator reset.

        It can be used in a ``with`` statement, which ends it: ``with simulator.fault("429", retry_after=3): …``

        Args:
            name: of the fault, e.g. ``429``, ``half-sent`` or ``duplicate``; :data:`.FAULTS` has them all.
            facts: its parameters, among them those that select: ``operation`` and ``state`` of the call for answers,
                ``kind`` for notifications, ``nth``, ``every``, ``since`` and ``probability`` for both.

        Raises:
            UnknownNameError: there is no such fault, parameter, operation, state or kind.
            SettingError: a value cannot be used, or one is missing.
        """
        with self.lock:
            return self.faults.inject(name, facts)

    def person(self, name_or_id: str) -> Person:
        """A person in the tenant, by name, user object id, or phone number in E.164 form.

        The same name is the same person, with the same id, until :meth:`reset`.
        """
        with self.lock:
            return self.scenario.person(name_or_id)

    def meeting(
        self,
        people: Iterable[Person | str] = (),
        *,
        organizer: Person | str | None = None,
        passcode: bool = False,
        lets_in: bool = True,
        lobby: bool = False,
    ) -> Meeting:
        """Hold a meeting that an app can look up, and join by a create.

        Args:
            people: who is in it already, and invited to it.
            organizer: who organizes it (not in it unless among ``people``).
            passcode: whether its number takes a passcode.
            lets_in: whether a bot that joins gets in; else its call stays in establishing and ends after a minute.
            lobby: whether people and bots who join wait in its lobby until a person in it admits them.
        """
        with self.lock:
            return self.scenario.meeting(people, organizer, passcode=passcode, lets_in=lets_in, lobby=lobby)

    def incoming_call(
        self,
        caller: Person | str | None = None,
        *,
        group: bool = False,
        app: App | None = None,
        others: Iterable[Person | str] = (),
        recording_policy: bool = False,
        in_old_form: bool = False,
    ) -> SimulatedCall:
        """Place a call to an app; it is there for 15 virtual seconds, one for a recording policy for 5.

        Args:
            caller: who calls.
            group: whether it is an invitation into a group call, with ``chatInfo`` and ``meetingInfo``.
            app: which app is called; the default app if not given.
            others: who else is in the group call.
            recording_policy: whether it comes because a policy has those in it recorded.
            in_old_form: whether it comes in the form of Skype first, and in that of Graph once the bot answers 204.
        """
        facts = {"group": group, "recording_policy": recording_policy, "in_old_form": in_old_form}
        with self.lock:
            return self.scenario.incoming_call(caller, others, app, **facts)

    def notify(self, call: SimulatedCall | str, data: Any, *, change: str = "updated", below: str = "") -> None:
        """Post a notification of your own about a call, signed and checked as all are, with the next ``advance``.

        Args:
            call: which call, or its id.
            data: the ``resourceData``, sent as it is.
            change: its ``changeType``.
            below: what it is about below the call, e.g. ``participants``; by default the call itself.

        Raises:
            UnknownNameError: there is no such call.
            SettingError: ``data`` cannot be written as JSON.
        """
        with self.lock:
            self.scenario.notify(call if isinstance(call, str) else call.id, data, change, below)

    def call(self, call_id: str) -> SimulatedCall:
        """A call seen from outside; raises :class:`UnknownNameError` when there never was one."""
        with self.lock:
            return self.scenario.view(call_id)


def _through(function: Interceptor, proceed: Proceed, request: Request) -> Response:
    return function(request, proceed)
