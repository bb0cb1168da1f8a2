"""The window of the package: small, sorted, and true."""

from __future__ import annotations

import importlib

import pytest

import pytest_graphcalls


def test_the_list_of_names_is_sorted() -> None:
    """Names are found where they are looked for."""
    assert pytest_graphcalls.__all__ == sorted(pytest_graphcalls.__all__)


@pytest.mark.parametrize("name", pytest_graphcalls.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Each name of __all__ can be fetched, is what its room calls so, and is described."""
    value = getattr(pytest_graphcalls, name)
    if name == "__version__":
        assert isinstance(value, str)
        return
    home = importlib.import_module(f"pytest_graphcalls.{pytest_graphcalls._HOMES[name]}")
    assert value is getattr(home, name)
    assert value.__doc__


def test_homes_and_names_agree() -> None:
    """A name that is fetched lazily is public, and the other way round."""
    assert {*pytest_graphcalls._HOMES, "__version__"} == set(pytest_graphcalls.__all__)


def test_dir_shows_the_lazy_names() -> None:
    """An editor completes what has not been fetched yet."""
    assert set(pytest_graphcalls.__all__) <= set(dir(pytest_graphcalls))


def test_another_name_is_an_attribute_error() -> None:
    """What is not there is missing in the usual way."""
    with pytest.raises(AttributeError, match="module 'pytest_graphcalls' has no attribute 'Simulater'"):
        _ = pytest_graphcalls.Simulater
