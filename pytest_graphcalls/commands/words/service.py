"""The words of what serves the simulator."""

from __future__ import annotations

import argparse

from pytest_graphcalls.commands.words.kind import Commands


def _port(text: str) -> int:
    # The socket layer takes larger numbers and listens somewhere else.
    if not (text.isdecimal() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; expected 0 to 65535")
    return int(text)


def _serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="port; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same ids (default: %(default)s)")
    parser.add_argument("--ring", type=float, metavar="SECONDS", help="how long it rings until somebody answers")
    parser.add_argument("--frozen", action="store_true", help="let no time pass, so that nobody answers by waiting")
    parser.add_argument(
        "--bot", metavar="URL", help="tell a bot on this machine what happens, e.g. http://127.0.0.1:3978/api/calls"
    )
    parser.add_argument(
        "--bot-path", default="", metavar="PATH", help="its path for notifications (default: the URL's)"
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="HOST",
        help="a host the bot may be on besides this machine",
    )
    parser.add_argument(
        "--control",
        choices=("off", "local", "any"),
        help="whom /_graphcalls/ answers (default: local, this machine; off when --host is another address)",
    )
    parser.add_argument(
        "--tls", metavar="FOLDER", help="speak TLS; FOLDER keeps the certificate authority that clients have to trust"
    )


def _token(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the server's address (default: %(default)s)")
    parser.add_argument("--role", action="append", metavar="ROLE", help="a role in it; may be repeated")
    parser.add_argument("--no-roles", action="store_true", help="a token without any role")
    parser.add_argument("--app", metavar="ID", help="whose token (default: the tenant's default app)")
    parser.add_argument("--lifetime", type=float, default=3600, metavar="SECONDS", help="default: %(default)s")
    parser.epilog = "Without --role the token has every role of the app. A lifetime of 0 gives one that has run out."


SERVICE_COMMANDS: Commands = {
    "serve": ("run the simulator as an HTTP server", _serve),
    "token": ("get a token from a running 'graphcalls serve'", _token),
}
