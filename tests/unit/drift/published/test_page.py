"""How a page is taken apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_graphcalls.published.docs import documented, open_keys, routes, statuses
from pytest_graphcalls.published.docs_page import Page

ODD = [
    "",
    "\n\n\n",
    "```http\nPOST /x",
    '<!-- { "blockType": ',
    "| a |\n|---|",
    "|\n|---|\n|",
    "## HTTP request\n```\n```",
    "# a\n## response\n`200`",
    "[!INCLUDE [x]()]",
    "\x00\x0c\u2028|\n---",
    "<!-- [1, 2] -->\n```json\n[\n```",
    "## request body\n|Parameter|Type|\n|-|-|\n||\n|a|\n|b c|String|",
]


def read(text: str, folder: Path) -> Page:
    path = folder / "page.md"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return Page.read(path, folder)


@pytest.mark.parametrize("text", ODD)
def test_a_page_of_any_form_can_be_read(text: str, tmp_path: Path) -> None:
    """An unfinished page states little, and raises nothing."""
    page = read(text, tmp_path)
    assert list(routes(page)) == []
    assert list(documented(page.tables)) == []
    assert page.place == "page.md"


def test_lines_are_counted_as_editors_do(tmp_path: Path) -> None:
    """Line ends of Windows, a byte order mark and a form feed do not change line numbers."""
    text = "\ufeff# a\r\n\x0c\u2028\r\n## HTTP request\r\n```http\r\nGET /x/{id}\r\n```\r\n"
    ((line, what),) = [(one.line, one.what) for one in routes(read(text, tmp_path))]
    assert (line, what) == (5, "GET /x/{}")


def test_a_table_needs_no_outer_lines(tmp_path: Path) -> None:
    """A cell may hold an escaped line, a link and an emphasis."""
    text = (
        "## Properties\nProperty | Type | Description\n:---|---|---\n"
        "**state** | [callState](a.md) collection | a \\| b\nx"
    )
    (one,) = documented(read(text, tmp_path).tables)
    assert (one.name, one.types, one.collection, one.line) == ("state", ("callState",), True, 4)


def test_an_annotation_belongs_to_the_block_that_follows(tmp_path: Path) -> None:
    """An annotation may be followed by the heading of a tab; a remark is no annotation."""
    text = (
        '<!-- { "blockType": "request",\n "name": "x" } -->\n# [HTTP](#tab/http)\n```http\nGET /a\n```\n'
        "<!-- a remark -->\n```json\n{}\n```\n"
        '<!-- { "blockType": "response" } -->\n## Other\n```http\nHTTP/1.1 200 OK\n```'
    )
    page = read(text, tmp_path)
    assert [block.sort for block in page.blocks] == ["request", "", ""]
    assert [block.section for block in page.blocks] == ["", "", "other"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("returns a `200 OK` response code", ["200"]),
        ("returns `202, Accepted` or 204 No Content", ["202", "204"]),
        ("`400 Bad Request` and 404 Not Found", []),
        ("up to 255 characters, 200 of them", []),
    ],
)
def test_a_status_is_known_by_its_words(text: str, found: list[str], tmp_path: Path) -> None:
    """A number of three digits without the word is no status."""
    assert [one.what for one in statuses(read(f"## Response\n{text}\n", tmp_path))] == found


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("https://graph.microsoft.com/v1.0/communications/calls/{id}?$top=1", "/communications/calls/{}"),
        ("/app/calls/<id>/", "/app/calls/{}"),
        ("/communications/calls/{call-id}/reject", "/communications/calls/{}/reject"),
    ],
)
def test_a_path_is_compared_without_host_version_and_keys(path: str, key: str) -> None:
    """Pages name the keys as they please."""
    assert open_keys(path) == key
