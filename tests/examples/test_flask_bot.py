"""The reception with Flask, driven in this process."""

from __future__ import annotations

import httpx
import pytest
from flask_bot import Reception

from pytest_graphcalls import GraphCalls, SimulatorTransport


@pytest.fixture
def reception(graphcalls: GraphCalls) -> GraphCalls:
    simulator = graphcalls.simulator
    api = httpx.Client(
        transport=SimulatorTransport(simulator),
        base_url="https://graph.microsoft.com",
        headers={"Authorization": f"Bearer {graphcalls.token}"},
    )
    adele, colleague = simulator.person("Adele").id, simulator.person("Colin").id
    app = simulator.authority.app
    graphcalls.bot(Reception(api, app.app_id, {adele}, colleague, app.callback_uri).app)
    return graphcalls


def test_an_unknown_caller_is_rejected(reception: GraphCalls) -> None:
    call = reception.simulator.incoming_call(caller="Mallory")
    reception.simulator.advance(2)
    assert call.rejected_with == "forbidden"


def test_a_known_caller_is_connected_to_a_colleague(reception: GraphCalls) -> None:
    reception.simulator.person("Colin").answers_after(4)
    call = reception.simulator.incoming_call(caller="Adele")
    reception.simulator.advance(10)
    assert {"Adele", "Colin"} <= {one.identity.name for one in call.participants}
    reception.bot.assert_answered_within(15)


def test_it_hangs_up_when_it_is_alone(reception: GraphCalls) -> None:
    reception.simulator.person("Colin").leaves_after(20)
    reception.simulator.person("Adele").leaves_after(30)
    call = reception.simulator.incoming_call(caller="Adele")
    reception.simulator.advance(60)
    assert call.state == "terminated"


def test_a_forged_notification_is_refused(reception: GraphCalls) -> None:
    reception.simulator.incoming_call(caller="Adele")
    reception.simulator.advance(2)
    reception.bot.assert_refuses_forged_notifications()
