"""Where a setting comes from, and what a wrong one says."""

from __future__ import annotations

import warnings

import pytest

from tests.plugin.conftest import Run

SHOW = """
def test_show(graphcalls_settings):
    print("SHOWN", graphcalls_settings)
"""


def shown(result: pytest.RunResult) -> str:
    """The settings as the inner test printed them."""
    return next(line[line.index("SHOWN") :] for line in result.outlines if "SHOWN" in line)


def test_defaults_are_the_simulator_and_both_versions(pytester: pytest.Pytester, run: Run) -> None:
    """Without any setting the tests talk to the simulator, in both versions, from seed 0."""
    pytester.makepyfile(SHOW)
    line = shown(run("-s"))
    assert line == (
        "SHOWN Settings(target='simulator', versions=('v1.0', 'beta'), strict=False, require_all=False, reports=(), "
        "seed=0, cassettes=None, cassette_days=180, strict_cassettes=False, record_hosts=(), nightly=False, "
        "asked=False)"
    )


@pytest.mark.parametrize(
    ("option", "variable", "ini", "field"),
    [
        ("--graphcalls-target=http://o", "http://v", "http://i", "target='http://{}'"),
        ("--graphcalls-seed=1", "2", "3", "seed={}"),
    ],
)
def test_option_beats_variable_beats_ini(
    pytester: pytest.Pytester,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    variable: str,
    ini: str,
    field: str,
) -> None:
    """Of option, variable and ini key the first that is set counts."""
    name = option.removeprefix("--graphcalls-").partition("=")[0]
    values = {"target": ("o", "v", "i"), "seed": ("1", "2", "3")}[name]
    pytester.makepyfile(SHOW)
    pytester.makeini(f"[pytest]\ngraphcalls_{name} = {ini}\n")
    assert field.format(values[2]) in shown(run("-s"))
    monkeypatch.setenv(f"GRAPHCALLS_{name.upper()}", variable)
    assert field.format(values[1]) in shown(run("-s"))
    assert field.format(values[0]) in shown(run("-s", option))


@pytest.mark.parametrize(
    ("argument", "field"),
    [
        ("--graphcalls-version=beta", "versions=('beta',)"),
        ("--graphcalls-version=both", "versions=('v1.0', 'beta')"),
        ("--graphcalls-strict", "strict=True"),
        ("--graphcalls-target=https://graph.test/v1.0", "target='https://graph.test'"),
        ("--graphcalls-target=https://graph.test/mock/beta/", "target='https://graph.test/mock'"),
    ],
)
def test_options_are_read(pytester: pytest.Pytester, run: Run, argument: str, field: str) -> None:
    """Each option is read; a base URL loses its API version and slash."""
    pytester.makepyfile(SHOW)
    line = shown(run("-s", argument))
    assert field in line
    assert "asked=True" in line


@pytest.mark.parametrize(("text", "strict"), [("true", True), ("1", True), ("off", False)])
def test_strict_is_a_switch_in_variables(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, text: str, strict: bool
) -> None:
    """GRAPHCALLS_STRICT takes the usual words for yes and no."""
    pytester.makepyfile(SHOW)
    monkeypatch.setenv("GRAPHCALLS_STRICT", text)
    assert f"strict={strict}" in shown(run("-s"))


def test_settings_never_show_the_token(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest shows local variables, so the settings' own text omits the token."""
    monkeypatch.setenv("GRAPHCALLS_TOKEN", "very-secret")
    pytester.makepyfile(
        "def test_fail(graphcalls_settings):\n    token_is_there = graphcalls_settings.token\n    assert 0"
    )
    result = run()
    result.assert_outcomes(failed=1)
    assert "very-secret" not in str(result.stdout)
    pytester.makepyfile("def test_it(graphcalls_settings):\n    assert graphcalls_settings.token == 'very-secret'")
    run().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        (
            "--graphcalls-target=simulater",
            "--graphcalls-target=simulater: expected simulator, replay, live or a base URL (http://… or https://…). "
            "Did you mean 'simulator'?",
        ),
        (
            "--graphcalls-target=localhost:8080",
            "--graphcalls-target=localhost:8080: expected simulator, replay, live or a base URL "
            "(http://… or https://…). Did you mean 'http://localhost:8080'?",
        ),
        ("--graphcalls-budget=0", "--graphcalls-budget=0: expected a whole number, 1 or more."),
        (
            "--graphcalls-cloud=chine",
            "--graphcalls-cloud=chine: expected one of global, us-gov-l4, us-gov-l5, china. Did you mean 'china'?",
        ),
        (
            "--graphcalls-root=http://graph.test",
            "--graphcalls-root=http://graph.test: expected an address that begins with https://. "
            "Secrets are sent there, so only over TLS.",
        ),
        (
            "--graphcalls-authority=https://me:pw@sign.in",
            "--graphcalls-authority=(hidden): expected an address that begins with https://. "
            "Secrets are sent there, so only over TLS.",
        ),
        (
            "--graphcalls-target=https://GRAPH.microsoft.com./v1.0",
            "--graphcalls-target=https://GRAPH.microsoft.com./v1.0: expected live, for Microsoft's own service. "
            "A live run keeps to the tenants that are listed, writes down every call, and hangs up.",
        ),
        (
            "--graphcalls-target=https://me:pw@graph.test",
            "--graphcalls-target=https://…@graph.test: expected a base URL without user and password. "
            "Set GRAPHCALLS_TOKEN instead.",
        ),
        (
            "--graphcalls-version=v1",
            "--graphcalls-version=v1: expected v1.0, beta or both. Did you mean 'v1.0'?",
        ),
        ("--graphcalls-seed=seven", "--graphcalls-seed=seven: expected a whole number."),
        (
            "--graphcalls-report=report.txt",
            "--graphcalls-report=report.txt: expected a file name that ends in .json or .md.",
        ),
        (
            "--graphcalls-report=folder.md",
            "--graphcalls-report=folder.md: expected a file name. This is a folder; give a file in it.",
        ),
        (
            "--graphcalls-report=nowhere/report.json",
            "--graphcalls-report=nowhere/report.json: expected a file in a folder that exists. "
            "Make the folder nowhere first.",
        ),
    ],
)
def test_a_wrong_value_stops_the_run(pytester: pytest.Pytester, run: Run, argument: str, sentence: str) -> None:
    """A value that cannot be used ends the run before it starts, and says what to give instead."""
    pytester.makepyfile(SHOW)
    pytester.mkdir("folder.md")
    result = run(argument)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {sentence}" in result.errlines


@pytest.mark.parametrize("key", ["target", "version", "seed"])
def test_a_list_where_a_text_belongs_stops_the_run(pytester: pytest.Pytester, run: Run, key: str) -> None:
    """As pyproject.toml allows it to be written."""
    pytester.makepyprojecttoml(f'[tool.pytest.ini_options]\ngraphcalls_{key} = ["1", "2"]\n')
    pytester.makepyfile(SHOW)
    with warnings.catch_warnings(record=True):  # of pytest, which will refuse such a list itself
        result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: graphcalls_{key}=['1', '2']: expected a text. Write one value, without brackets." in result.errlines


@pytest.mark.parametrize(
    ("key", "meant"),
    [("graphcals_strict", "graphcalls_strict"), ("graphcalls_targt", "graphcalls_target"), ("graphql_target", "")],
)
def test_a_misspelt_ini_key_gets_the_nearest(pytester: pytest.Pytester, run: Run, key: str, meant: str) -> None:
    """pytest alone says that it is unknown; a key of a different plugin is not taken for one of ours."""
    pytester.makeini(f"[pytest]\n{key} = simulator\n")
    pytester.makepyfile("def test_it(): pass")
    shown = f"Unknown config option: {key}"
    assert (f"{shown}. Did you mean '{meant}'?" if meant else shown) in run().stdout.str()


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("GRAPHCALLS_TARGTE", "GRAPHCALLS_TARGET"),
        ("GRAPHCALLS_TOKN", "GRAPHCALLS_TOKEN"),
        ("GRAPHCALLS_SANDBX_USERS", "GRAPHCALLS_SANDBOX_USERS"),
        ("GRAPHCALLS_SANDBOX_USERS", ""),
        ("GRAPHCALLS_REPORT", ""),
        ("GRAPHCALLS_OF_OUR_OWN", ""),
    ],
)
def test_a_misspelt_variable_gets_the_nearest(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, meant: str
) -> None:
    """A misspelt variable would be ignored silently; one that resembles none of ours may belong to another tool."""
    monkeypatch.setenv(variable, "")
    pytester.makepyfile("def test_it(): pass")
    result = run()
    result.assert_outcomes(passed=1)
    said = f"pytest-graphcalls reads no variable {variable}. Did you mean {meant!r}?"
    assert (said in result.stdout.str()) is bool(meant)
    assert meant or "reads no variable" not in result.stdout.str()


@pytest.mark.parametrize(
    ("variable", "ini", "name"), [("x", "", "GRAPHCALLS_VERSION"), ("", "x", "graphcalls_version")]
)
def test_a_wrong_value_names_its_source(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, ini: str, name: str
) -> None:
    """The sentence names the variable or the ini key that held the value."""
    monkeypatch.setenv("GRAPHCALLS_VERSION", variable)
    pytester.makeini(f"[pytest]\ngraphcalls_version = {ini}\n")
    assert f"ERROR: {name}=x: expected v1.0, beta or both." in run().errlines


def test_header_says_what_the_run_will_do(pytester: pytest.Pytester, run: Run) -> None:
    """Once something of ours was asked for, the header says with what."""
    pytester.makepyfile("def test_nothing(): pass")
    result = run("--graphcalls-seed=7", "--graphcalls-version=beta", "--graphcalls-strict")
    result.stdout.re_match_lines(
        [r"graphcalls: target=simulator, versions=beta, contract=[0-9a-f]{12}, seed=7, strict"]
    )


def test_header_comes_after_the_collection_when_only_markers_ask(pytester: pytest.Pytester, run: Run) -> None:
    """A run that is ours by its markers alone says so as soon as that is known."""
    pytester.makepyfile("import pytest\n@pytest.mark.graphcalls(version='beta')\ndef test_it(graphcalls_version): pass")
    result = run()
    result.stdout.re_match_lines(
        [r"collected 1 item", r"graphcalls: target=simulator, versions=v1.0\+beta, contract=\w+, seed=0"]
    )


def test_an_unused_plugin_prints_nothing(pytester: pytest.Pytester, run: Run) -> None:
    """A project that does not use the plugin sees no line of it."""
    pytester.makepyfile("def test_nothing(): pass")
    result = run()
    result.assert_outcomes(passed=1)
    assert not [line for line in result.outlines if "graphcalls" in line and not line.startswith("plugins:")]


def test_help_lists_every_option_and_marker(run: Run) -> None:
    """Options, ini keys and markers explain themselves."""
    text = str(run("--help").stdout)
    for name in ("target", "version", "strict", "report", "seed"):
        assert f"--graphcalls-{name}" in text
        assert f"graphcalls_{name} (" in text
    markers = run("--markers").outlines
    assert [line.partition(":")[0] for line in markers if "graphcalls" in line] == [
        "@pytest.mark.graphcalls_rule(rule, *more)",
        "@pytest.mark.graphcalls_question(question, *more)",
        "@pytest.mark.graphcalls(*, version, target, tenant, operation)",
        "@pytest.mark.graphcalls_fault(name, **parameters)",
    ]
