"""pytest loads the plugin in every project that has it installed: what that may cost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import clean

HEAVY = {
    "cryptography",
    "deepdiff",
    "httpcore",
    "httpx",
    "httpx2",
    "jinja2",
    "jsonschema",
    "jwt",
    "markdown_it",
    "msal",
    "msgraph",
    "referencing",
    "requests",
    "tomlkit",
    "trustme",
    "uvicorn",
    "vcr",
    "yaml",
}
"""Packages that take from 10 to 300 ms to import."""

LIGHT_ROOMS = {"", "plugin", "plugin.fixtures", "plugin.hooks", "plugin.hookspecs", "plugin.options"}
"""Our own modules that an empty run loads."""

LIST_MODULES = """
import json, sys

def pytest_unconfigure():
    with open("loaded.json", "w") as file:
        json.dump(sorted(sys.modules), file)
"""


def loaded_by(folder: Path, *arguments: str) -> set[str]:
    """The modules loaded at the end of a pytest run in ``folder``, with our plugin and no other one."""
    (folder / "conftest.py").write_text(LIST_MODULES)
    command = [sys.executable, "-m", "pytest", "-p", "pytest_graphcalls.plugin", "-p", "no:cacheprovider", *arguments]
    environment = {**clean(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return set(json.loads((folder / "loaded.json").read_text()))


LOOK = """
def test_it(pytestconfig):
    plugins = pytestconfig.pluginmanager.list_name_plugin()
    ours = [plugin for name, plugin in plugins if plugin and "graphcalls" in name]
    assert len(ours) == 2
    for plugin in ours:
        for name in {*dir(plugin), *vars(plugin)}:
            getattr(plugin, name)
"""


def ours(modules: set[str]) -> set[str]:
    """Our modules, without the package's name."""
    return {name.removeprefix("pytest_graphcalls").removeprefix(".") for name in modules if name.startswith("pytest_g")}


def test_an_unused_plugin_loads_nothing_heavy(tmp_path: Path) -> None:
    """A run without a fixture of ours loads no client, no YAML, no schema and no room below the top floor."""
    (tmp_path / "test_it.py").write_text("def test_it(): pass")
    modules = loaded_by(tmp_path)
    assert not {name.partition(".")[0] for name in modules} & HEAVY
    assert ours(modules) <= LIGHT_ROOMS


def test_a_look_at_each_attribute_loads_nothing(tmp_path: Path) -> None:
    """pytest before 8.3.3 looks at every attribute for fixtures, in every run."""
    (tmp_path / "test_it.py").write_text(LOOK)
    assert ours(loaded_by(tmp_path)) <= LIGHT_ROOMS


@pytest.mark.parametrize("options", [("--graphcalls-seed=3",), ("--graphcalls-target=https://graph.test",)])
def test_settings_alone_load_no_client(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Reading the settings and naming the revision needs the contract and its libraries, and no HTTP client."""
    (tmp_path / "test_it.py").write_text("def test_it(graphcalls_settings): assert graphcalls_settings")
    modules = loaded_by(tmp_path, *options)
    assert not {name.partition(".")[0] for name in modules} & (HEAVY - {"yaml", "jsonschema", "referencing"})


def test_the_package_itself_loads_nothing() -> None:
    """import pytest_graphcalls gives the names, and fetches each when it is asked for."""
    code = "import sys; import pytest_graphcalls; print(*[n for n in sys.modules if n.startswith('pytest_graphcalls')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["pytest_graphcalls"]


def test_pytest_looks_for_no_further_plugin_by_name() -> None:
    """For each name in ``pytest_plugins`` pytest searches every installed distribution, some 5 ms among 200."""
    from pytest_graphcalls import plugin
    from pytest_graphcalls.plugin import fixtures, redacting

    assert not [module for module in (plugin, fixtures, redacting) if hasattr(module, "pytest_plugins")]


def test_pytest_looks_at_hooks_and_fixtures_alone() -> None:
    """pytest looks at every name of a plugin in each run, which takes longer than to call the hooks."""
    from pytest_graphcalls import plugin
    from pytest_graphcalls.plugin import fixtures, hooks

    assert dir(plugin) == dir(hooks) == sorted(name for name in vars(hooks) if name.startswith("pytest_"))
    made = {name for name, value in vars(fixtures).items() if type(value).__name__ == "FixtureFunctionDefinition"}
    assert set(dir(fixtures)) == {*made, "pytest_generate_tests"}
