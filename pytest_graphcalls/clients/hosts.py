"""What is this machine, and what is another one."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine: ``localhost``, or a loopback address."""
    return host == "localhost" or is_address(host, loopback=True)


def is_address(host: str, *, loopback: bool = False) -> bool:
    """Whether ``host`` is an address and no name, and with ``loopback`` one of this machine."""
    try:
        return ip_address(host).is_loopback or not loopback
    except ValueError:
        return False
