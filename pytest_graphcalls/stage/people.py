"""Whom a stage knows: people, bots and phones to invite, and the apps that speak."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid4, uuid5

from pytest_graphcalls.sandbox.props import Dealt, Invented, Props
from pytest_graphcalls.stage.answers import Client
from pytest_graphcalls.stage.somebody import Somebody
from pytest_graphcalls.stage.target import OnTarget

if TYPE_CHECKING:
    from pytest_graphcalls.targets import Connection


class People(OnTarget):
    """The part of a stage that knows who there is; arguments as for :class:`.OnTarget`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._names = self._new_names()
        self._called: Callable[[str], str] = connection.case.called if connection.case else str
        self._props: Props = Invented(self._names, self._called)
        if connection.sandbox is not None:
            self._props = Dealt(connection.sandbox)
        self.client: Client = connection.client()
        self._nobody: Client | None = None

    def _new_names(self) -> Iterator[str]:
        """Ids: the same in every run where nothing outlives the test, new ones elsewhere; a recording says which."""
        if self._connection.case:
            yield from self._connection.case.ids()
        fresh = self._simulated and self._connection.is_fresh
        number = 0
        while True:
            number += 1
            yield str(uuid5(NAMESPACE_URL, f"graphcalls:{number}") if fresh else uuid4())

    def new_id(self) -> str:
        """An id that nobody has yet, e.g. for a ``participantId``."""
        return next(self._names)

    def person(self, name: str = "Alice") -> Somebody:
        """Somebody who is in no call yet."""
        return Somebody(self._props.user(), self._called(name))

    def persons(self, count: int) -> tuple[Somebody, ...]:
        """As many people, each with a name."""
        names = ("Alice", "Bob", "Carol", "Dave", "Erin", "Frank")
        return tuple(self.person(name) for name in names[:count])

    def decliner(self, name: str = "Dora") -> Somebody:
        """Somebody who declines whatever they are invited to (needs ``clock``)."""
        person = self.person(name)
        self._world().person(person.id).declines()
        return person

    def bot(self, name: str = "Other Bot") -> Somebody:
        """Another application, to be invited."""
        return Somebody(self._props.bot(), self._called(name), "application")

    def phone(self) -> Somebody:
        """A phone, to be invited (needs ``phone``)."""
        return Somebody(self._props.phone(), sort="phone")

    def client_with(self, *roles: str) -> Client:
        """The default app, with a token that carries ``roles`` only (needs ``apps``)."""
        return self._connection.client(token=self._world().authority.token(roles=roles))

    def client_without_token(self) -> Client:
        """Nobody: requests without an Authorization header."""
        self._nobody = self._nobody or self._connection.client(token="")
        return self._nobody

    def other_app(self, *, allow_listed: bool = True, phone: bool = True) -> Client:
        """Another app of the same tenant (needs ``apps``).

        Args:
            allow_listed: whether it may remove participants.
            phone: whether it has an application instance with a phone number.
        """
        authority = self._world().authority
        number = "+15550101" if phone else None
        app = authority.register(may_remove_participants=allow_listed, phone_number=number)
        return self._connection.client(token=authority.token(app))
