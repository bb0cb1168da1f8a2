"""Test files that several inner runs share."""

from __future__ import annotations

INVITE_SIX = """
def test_six(graphcalls_client):
    people = [{"identity": {"user": {"id": str(n)}}} for n in range(6)]
    graphcalls_client.post("/communications/calls/57da/participants/invite", json={"participants": people})
"""
"""A user's test that asks for one invitee too many."""

READ_A_CALL = """
def test_read(graphcalls_client):
    assert graphcalls_client.get("/communications/calls/57da").status_code == 404
"""
"""A user's test in which nothing is wrong."""

BROKEN_LOCATION = """
def pytest_graphcalls_simulator(simulator):
    def without_location(request, proceed):
        answer = proceed(request)
        return type(answer)(answer.status, answer.headers.without("Location"), answer.body)

    simulator.intercept(without_location)
"""
"""A conftest that breaks ``application-post-calls.location-names-the-call`` and its like for invitations."""

CREATE_A_CALL = """
import pytest

BODY = {
    "callbackUri": "https://bot.example.org/calls",
    "requestedModalities": ["audio"],
    "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
    "targets": [{"identity": {"user": {"id": "112f7296-5fa4-42ca-bae8-6a692b15d4b8"}}}],
}


def create(client):
    return client.post("/communications/calls", json=BODY)
"""
"""The start of a test file that creates calls."""
