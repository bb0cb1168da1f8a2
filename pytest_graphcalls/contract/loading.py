"""Read the contract's files, with errors that name file, line and key.

The files inside the package are checked by the project's own tests (``tests/unit/contract``), so they are read without
a check; any other folder is checked against the schemas in ``file_schemas/`` first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2s
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from pytest_graphcalls.errors import ContractFileError, did_you_mean
from pytest_graphcalls.parsing import DEEP, DIGITS, UnreadableError, content, json_value

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ContractFiles:
    """The files of one contract folder.

    Args:
        root: the folder; by default the one inside the package.
        trusted: skip the check against the file schemas.
    """

    def __init__(self, root: Traversable | None = None, *, trusted: bool | None = None) -> None:
        self.root = root if root is not None else package_files("pytest_graphcalls.contracts")
        self.trusted = root is None if trusted is None else trusted

    def names(self, folder: str, suffix: str) -> tuple[str, ...]:
        """Sorted names of the files in ``folder`` (``""`` for the top) that end in ``suffix``."""
        place = self.root.joinpath(folder) if folder else self.root
        return tuple(sorted(entry.name for entry in place.iterdir() if entry.name.endswith(suffix)))

    def read(self, name: str, schema: str) -> Any:
        """Read a YAML or JSON file.

        Args:
            name: path below the folder, with ``/``.
            schema: name of the file schema it has to match.

        Raises:
            ContractFileError: missing, unreadable, or not of the schema's shape.
        """
        text = self._text(name)
        data = _load_json(name, text) if name.endswith(".json") else _load_yaml(name, text)
        if not self.trusted:
            _check_shape(name, text, data, schema)
        return data

    def error(self, name: str, path: Sequence[str | int], problem: str) -> ContractFileError:
        """The error about the value at ``path`` of the file ``name``, with its line."""
        return _error(name, self._text(name), path, problem)

    def revision(self) -> str:
        """Twelve hexadecimal digits over every data file of the contract."""
        digest = blake2s(digest_size=6)
        names = [f"operations/{name}" for name in self.names("operations", ".yaml")]
        names += [*self.names("", ".yaml"), *self.names("", ".json")]
        for name in names:
            digest.update(name.encode() + b"\0" + self._text(name).encode() + b"\0")
        return digest.hexdigest()

    def _text(self, name: str) -> str:
        try:
            place = self.root.joinpath(name)
            return (content(place) if isinstance(place, Path) else place.read_bytes()).decode("utf-8")
        except (FileNotFoundError, NotADirectoryError):
            known = self.names("operations", ".yaml")
            problem = f"there is no such file.{did_you_mean(name.rpartition('/')[2], known)}"
            raise ContractFileError(name, 0, "", problem) from None
        except UnicodeDecodeError as error:
            raise ContractFileError(name, 0, "", f"is not UTF-8 (byte {error.start}).") from None
        except OSError as error:
            raise ContractFileError(name, 0, "", f"cannot be read: {error.strerror or error}.") from None


def _load_json(name: str, text: str) -> Any:
    try:
        return json_value(text)
    except UnreadableError as error:
        raise ContractFileError(name, error.line, "", error.problem) from None


def _load_yaml(name: str, text: str) -> Any:
    try:
        if "&" in text:
            _refuse_aliases(name, text)
        return yaml.load(text, Loader=_strict_loader())  # noqa: S506  a SafeLoader subclass
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ContractFileError(name, line, "", f"is not usable YAML: {error.problem}.") from None
    except ValueError:
        raise ContractFileError(name, 0, "", DIGITS) from None
    except RecursionError:
        raise ContractFileError(name, 0, "", DEEP) from None


def _refuse_aliases(name: str, text: str) -> None:
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            problem = f"uses the alias *{str(event.anchor)[:80]}; write the value out, an alias is not followed."
            raise ContractFileError(name, event.start_mark.line + 1 if event.start_mark else 0, "", problem)


@cache
def _strict_loader() -> type[yaml.SafeLoader]:
    class Strict(_Loader):  # type: ignore[valid-type,misc]  # the C loader where PyYAML was built with it
        """PyYAML keeps the last of two equal keys; here that is an error."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  PyYAML's signature
            seen: set[str] = set()
            for key, _ in node.value:
                if key.value in seen:
                    problem = f"the key {key.value!r} occurs twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add(key.value)
            result: dict[Any, Any] = super().construct_mapping(node, deep)
            return result

    return Strict


def _check_shape(name: str, text: str, data: Any, schema: str) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    errors = list(Draft202012Validator(_file_schema(schema)).iter_errors(data))
    if not errors:
        return
    # A misspelt key also causes an error about a missing one; the misspelt one is the helpful error.
    misspelt = (error for error in errors if error.validator == "additionalProperties")
    error = next(misspelt, None) or best_match(errors)
    assert error is not None
    path = list(error.absolute_path)
    problem = error.message.rstrip(".") + "."
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        extra = next(key for key in error.instance if key not in known)
        path.append(extra)
        problem = f"there is no key {extra!r} here.{did_you_mean(str(extra), known)}"
    raise _error(name, text, path, problem)


def _error(name: str, text: str, path: Sequence[str | int], problem: str) -> ContractFileError:
    line = _line_of(text, path) if name.endswith(".yaml") else 0
    return ContractFileError(name, line, ".".join(map(str, path)), problem)


def _line_of(text: str, path: Iterable[str | int]) -> int:
    node = yaml.compose(text, Loader=_Loader)
    line = node.start_mark.line if node else 0
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(step)]
            if not found:
                break
            line, node = found[0][0].start_mark.line, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    return int(line) + 1


@cache
def _file_schema(name: str) -> Mapping[str, Any]:
    text = package_files(__package__).joinpath(f"file_schemas/{name}.json").read_text("utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema
