"""Test files that several inner runs share."""

from __future__ import annotations

P2P = "application-post-calls.success-is-201-with-call"
INVITE = "participant-invite.success-is-200-with-operation"

HEAD = f"""
import os, signal, time
import pytest

CREATED = pytest.mark.graphcalls_rule("{P2P}")
INVITED = pytest.mark.graphcalls_rule("{INVITE}")
"""
"""The start of a file of contract tests."""

ONE_CALL = f"""{HEAD}
@CREATED
def test_call(graphcalls_stage):
    graphcalls_stage.peer_to_peer_call()
"""

TWO_CALLS_THEN = f"""{HEAD}
@CREATED
def test_call(graphcalls_stage):
    graphcalls_stage.peer_to_peer_call()
    graphcalls_stage.meeting_call(people=1)
    """
"""Stages two calls; what follows is to be written behind it."""

OWN = """
BODY = {
    "callbackUri": "https://bot.contoso.example/calls",
    "requestedModalities": ["audio"],
    "mediaConfig": {"@odata.type": "#microsoft.graph.serviceHostedMediaConfig"},
    "targets": [{"identity": {"user": {"id": "112f7296-5fa4-42ca-bae8-6a692b15d4b8"}}}],
    "tenantId": os.environ["AZURE_TENANT_ID"],
}
"""
"""The body that a project's own test creates a call with."""
