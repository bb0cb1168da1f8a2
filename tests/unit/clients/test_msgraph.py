"""Without the SDKs, what to install is said; with them `tests/clients/python` says the rest."""

import pytest

from pytest_graphcalls.clients import msgraph
from pytest_graphcalls.clients.msgraph import graph_service_client
from pytest_graphcalls.errors import SettingError
from pytest_graphcalls.simulator import Simulator


@pytest.mark.parametrize(("version", "package"), [("v1.0", "msgraph-sdk"), ("beta", "msgraph-beta-sdk")])
def test_a_missing_sdk_names_package_and_extra(monkeypatch, version, package):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(msgraph, "import_module", missing)
    with pytest.raises(SettingError) as caught:
        graph_service_client(Simulator(), version=version)
    assert f"expected the package {package!r} to be installed" in str(caught.value)
    assert "pip install 'pytest-graphcalls[sdk]'" in str(caught.value)


def test_an_unknown_version_is_refused():
    with pytest.raises(SettingError, match=r"version=v2: expected v1\.0 or beta\."):
        graph_service_client(Simulator(), version="v2")
