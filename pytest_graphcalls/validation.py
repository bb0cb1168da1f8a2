"""Checks of values that users give: numbers (seconds, counts, chances) and the hosts of this machine."""

from __future__ import annotations

import math
import reprlib
import sys
from ipaddress import ip_address
from numbers import Integral, Real
from typing import Any, NoReturn

from pytest_graphcalls.errors import SettingError

MOST = 1_000_000_000
"""The largest number where no smaller one is named; as seconds some thirty years."""
_SHOWN = 80
_BITS = 14_000
"""Bits of the largest number that is shown; Python writes none of more than 4,300 digits."""


class _Short(reprlib.Repr):
    """Shows the beginning of a value, whatever its size and its depth."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = _SHOWN

    def repr_int(self, x: int, level: int) -> str:
        """A number of more digits than Python writes has none that could be shown."""
        return "(a very large number)" if x.bit_length() > _BITS else super().repr_int(x, level)


_SHORT = _Short()


def shown(value: Any) -> str:
    """A value as errors show it: short, whatever it is."""
    return shortened(_SHORT.repr(value), _SHOWN)


def shortened(text: str, most: int) -> str:
    """The beginning of a text that is longer than ``most`` characters, marked as such."""
    return text if len(text) <= most else f"{text[:most]}…"


def quantity(
    name: str,
    value: Any,
    *,
    unit: str = "",
    least: float = 0,
    most: float = math.inf,
    above: bool = False,
    whole: bool = False,
) -> Any:
    """A number that was given, if it can be used.

    Args:
        name: what it was given as, e.g. ``advance(seconds)``.
        value: what was given; a truth value is no number, and neither is a text.
        unit: what it counts, e.g. ``real seconds``, for the error.
        least: the smallest one.
        most: the largest one; by default there is none.
        above: whether ``least`` itself is too small already.
        whole: whether it has to be whole.

    Returns:
        ``value`` as it is.

    Raises:
        SettingError: it is no number, or out of range.
    """
    if _is_number(value, whole=whole) and least <= value <= most and not (above and value == least):
        return value
    noun = "a whole number" if whole else "a number"
    expected = f"{noun} {_range(least, most, above=above)}"
    raise SettingError(name, shown(value), f"{unit}, {expected}" if unit else expected)


def answering(adapter: str, service: Any) -> Any:
    """``service``, if it answers requests.

    Args:
        adapter: the name of what it is passed to.
        service: a simulator, or a host of several.

    Raises:
        SettingError: it is something else, such as the fixture that has the simulator.
    """
    if hasattr(service, "handle"):
        return service
    fixed = "A fixture has it as graphcalls.simulator."
    raise SettingError(f"{adapter}(service)", type(service).__name__, "a simulator, or a host of several", fixed)


TAKEN = (
    "Clients of httpx and httpx2 take pytest_graphcalls.clients.httpx.SimulatorTransport(simulator) as transport, "
    "a session of requests mounts pytest_graphcalls.clients.requests.SimulatorAdapter(simulator), and one of aiohttp "
    "takes pytest_graphcalls.clients.aiohttp.SimulatorConnector(simulator) as connector."
)
"""What connects which library to a simulator."""
_ASKED_FOR = frozenset({"handle_request", "handle_async_request", "send", "_loop"})
"""What the libraries ask of a transport, an adapter and a connector."""


class ForOneLibrary:
    """What connects one library to a simulator; whatever else it is given to says what to take."""

    def __getattr__(self, name: str) -> NoReturn:
        kind = type(self).__name__
        if name in _ASKED_FOR:
            raise TypeError(f"{kind} is for another library than the one that uses it here. {TAKEN}")
        raise AttributeError(f"{kind!r} object has no attribute {name!r}")


def _is_number(value: Any, *, whole: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, Integral if whole else Real):
        return False
    # What cannot be added to a moment is none; a whole number may be larger than that.
    number: Any = value  # Real knows no comparison with float
    return bool(number == math.inf or -sys.float_info.max <= number <= sys.float_info.max)


def _range(least: float, most: float, *, above: bool) -> str:
    if most == math.inf:
        return f"above {least:,}" if above else f"of {least:,} or more"
    return f"{'above' if above else 'from'} {least:,} {'and up ' if above else ''}to {most:,}"


def is_loopback(host: str) -> bool:
    """Whether ``host`` is ``localhost`` or a loopback address."""
    return host == "localhost" or is_address(host, loopback=True)


def is_address(host: str, *, loopback: bool = False) -> bool:
    """Whether ``host`` is an address and not a name; with ``loopback``, a loopback address."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    # An IPv6 socket shows an IPv4 client as ::ffff:127.0.0.1, which older Pythons do not call a loopback address.
    inner = getattr(address, "ipv4_mapped", None) or address
    return not loopback or bool(inner.is_loopback)
