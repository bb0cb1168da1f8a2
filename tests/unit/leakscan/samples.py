"""The leak scan."""

from pytest_graphcalls.leakscan import scan

JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJl_-x"


def kinds(text, known=()):
    return {leak.kind for leak in scan(text, known)}
