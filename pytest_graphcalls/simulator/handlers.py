"""The parts of a simulator, and the handler of each operation: the one place in code that names operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from threading import RLock

from pytest_graphcalls.contract import Contract
from pytest_graphcalls.simulator.acting import Acting
from pytest_graphcalls.simulator.admission import Admission, Ask
from pytest_graphcalls.simulator.calls import Calls
from pytest_graphcalls.simulator.clock import Clock, Ids, Pace
from pytest_graphcalls.simulator.creation import Creation
from pytest_graphcalls.simulator.faults import Faults
from pytest_graphcalls.simulator.hearing import Hearing
from pytest_graphcalls.simulator.identity import Authority, Channel
from pytest_graphcalls.simulator.incoming import Incoming
from pytest_graphcalls.simulator.invitations import Invitations
from pytest_graphcalls.simulator.media import Media
from pytest_graphcalls.simulator.meetings import Meetings
from pytest_graphcalls.simulator.notifications import Notifier
from pytest_graphcalls.simulator.operations import Operations
from pytest_graphcalls.simulator.outbox import Outbox, Retention
from pytest_graphcalls.simulator.participants import Participants
from pytest_graphcalls.simulator.people import People
from pytest_graphcalls.simulator.prompts import Prompts
from pytest_graphcalls.simulator.responses import Reply, Responses
from pytest_graphcalls.simulator.routing import Routing
from pytest_graphcalls.simulator.scenario import Scenario
from pytest_graphcalls.simulator.sharing import Sharing
from pytest_graphcalls.simulator.signin import SimulatedSignIn
from pytest_graphcalls.simulator.store import Store
from pytest_graphcalls.simulator.switches import Switches
from pytest_graphcalls.simulator.transfers import Transfers
from pytest_graphcalls.simulator.world import World

Handler = Callable[[Ask], Reply]


class Parts:
    """The parts of one simulator, put together; arguments as for :class:`.Simulator`."""

    def __init__(self, seed: int, tenant_id: str | None, start: datetime, pace: Pace) -> None:
        contract = Contract.packaged()
        self.lock = RLock()
        self.clock = Clock(start, pace)
        self.ids = Ids(seed)
        self.tenant_id = tenant_id or self.ids.named("tenant")
        self.cloud = contract.clouds["global"]
        """The cloud that is simulated, with its host names."""
        self.store = Store(self.clock)
        self.people = People(self.ids, self.clock, self.tenant_id)
        self.authority = Authority(contract, self.clock, self.ids, self.tenant_id)
        self.signin = SimulatedSignIn(contract, self.authority, self.clock, self.ids)
        self.channel = Channel(self.authority, self.clock)
        self.notifier = Notifier(self.clock, self.ids, self.store, self.tenant_id)
        self.outbox = Outbox(self.lock, self.clock, self.notifier)
        self.responses = Responses(contract, self.clock, self.ids)
        self.admission = Admission(contract, self.authority)
        self.switches = Switches()
        """Where sources differ: which behaviour is simulated; see :meth:`.Switches.choose`."""
        shared = (self.store, self.people, self.authority, self.notifier, self.admission, self.switches)
        world = World(contract, self.lock, self.tenant_id, self.clock, self.ids, *shared)
        self.faults = Faults(world, self.outbox, self.responses)
        self.retention = Retention(self.store, self.notifier, self.outbox, self.faults.forget_until)
        self.calls = Calls(world)
        self.operations = Operations(world, self.calls)
        self.invitations = Invitations(world, self.calls, self.operations)
        self.creation = Creation(world, self.calls, self.invitations.ring_target)
        self.incoming = Incoming(world, self.calls)
        self.transfers = Transfers(world, self.calls, self.incoming)
        self.participants = Participants(world, self.calls, self.operations, self.invitations)
        self.hearing = Hearing(world)
        self.prompts = Prompts(world, self.operations, self.outbox.later)
        self.media = Media(world, self.calls, self.operations, self.prompts, self.hearing)
        self.sharing = Sharing(world, self.calls, self.operations, self.participants)
        self.routing = Routing(world, self.calls, self.participants, self.operations, self.prompts)
        self.meetings = Meetings(world, self.calls)
        self.acting = Acting(world, self.calls, self.retention, self.hearing, self.sharing)
        self.scenario = Scenario(world, self.calls, self.meetings, self.incoming, self.acting)
        self.calls.decided = self.transfers.decided
        self.calls.before_end = self.media.keep_at_hang_up
        self.calls.after_growth, self.calls.media_given = self.prompts.restart, self.prompts.read_ahead
        self.calls.after_change += (
            self.media.listen_again,
            self.sharing.end_abandoned,
            self.transfers.give_up_abandoned,
        )


HANDLERS: Mapping[str, Callable[[Parts, Ask], Reply]] = {
    "application-post-calls": lambda parts, ask: parts.creation.create(ask),
    "audioroutinggroup-delete": lambda parts, ask: parts.routing.delete(ask),
    "audioroutinggroup-get": lambda parts, ask: parts.routing.get(ask),
    "audioroutinggroup-update": lambda parts, ask: parts.routing.update(ask),
    "call-addlargegalleryview": lambda parts, ask: parts.sharing.add_gallery(ask),
    "call-answer": lambda parts, ask: parts.incoming.answer(ask),
    "call-cancelmediaprocessing": lambda parts, ask: parts.media.cancel(ask),
    "call-changescreensharingrole": lambda parts, ask: parts.sharing.change_role(ask),
    "call-delete": lambda parts, ask: parts.calls.hang_up(ask),
    "call-get": lambda parts, ask: parts.calls.get(ask),
    "call-keepalive": lambda parts, ask: parts.calls.keep_alive(ask),
    "call-list-audioroutinggroups": lambda parts, ask: parts.routing.list(ask),
    "call-list-contentsharingsessions": lambda parts, ask: parts.sharing.list(ask),
    "call-list-participants": lambda parts, ask: parts.participants.list(ask),
    "call-logteleconferencedevicequality": lambda parts, ask: parts.media.log_quality(ask),
    "call-mute": lambda parts, ask: parts.participants.set_muted(ask, muted=True),
    "call-playprompt": lambda parts, ask: parts.media.play_prompt(ask),
    "call-post-audioroutinggroups": lambda parts, ask: parts.routing.create(ask),
    "call-record": lambda parts, ask: parts.media.record(ask),
    "call-redirect": lambda parts, ask: parts.transfers.redirect(ask),
    "call-reject": lambda parts, ask: parts.incoming.reject(ask),
    "call-senddtmftones": lambda parts, ask: parts.media.send_tones(ask),
    "call-startrecording": lambda parts, ask: parts.media.keep(ask, "recording", on=True),
    "call-starttranscription": lambda parts, ask: parts.media.keep(ask, "transcription", on=True),
    "call-stoprecording": lambda parts, ask: parts.media.keep(ask, "recording", on=False),
    "call-stoptranscription": lambda parts, ask: parts.media.keep(ask, "transcription", on=False),
    "call-subscribetotone": lambda parts, ask: parts.media.subscribe(ask),
    "call-transfer": lambda parts, ask: parts.transfers.transfer(ask),
    "call-unmute": lambda parts, ask: parts.participants.set_muted(ask, muted=False),
    "call-updaterecordingstatus": lambda parts, ask: parts.media.set_recording_status(ask),
    "commsoperation-get": lambda parts, ask: parts.operations.get(ask),
    "contentsharingsession-get": lambda parts, ask: parts.sharing.get(ask),
    "onlinemeeting-create": lambda parts, ask: parts.meetings.create(ask),
    "onlinemeeting-delete": lambda parts, ask: parts.meetings.delete(ask),
    "onlinemeeting-find": lambda parts, ask: parts.meetings.find(ask),
    "onlinemeeting-get": lambda parts, ask: parts.meetings.get(ask),
    "participant-configuremixer": lambda parts, ask: parts.routing.configure_mixer(ask),
    "participant-delete": lambda parts, ask: parts.participants.delete(ask),
    "participant-get": lambda parts, ask: parts.participants.get(ask),
    "participant-invite": lambda parts, ask: parts.invitations.invite(ask),
    "participant-mute": lambda parts, ask: parts.participants.set_muted(ask, muted=True),
    "participant-muteall": lambda parts, ask: parts.participants.mute_all(ask),
    "participant-reportsyntheticmedia": lambda parts, ask: parts.participants.report_synthetic_media(ask),
    "participant-startholdmusic": lambda parts, ask: parts.routing.start_hold(ask),
    "participant-stopholdmusic": lambda parts, ask: parts.routing.stop_hold(ask),
}
"""By operation id: the method that carries it out. It is looked up with each request, so a replaced one is found."""
