"""What people read is short, leads where it says, and says the same in two places."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from support.compose import settings_of_the_example
from support.pages import blocks, pages, rows_of
from support.programs import ROOT

MOST_LINES = 179  # of the README: nobody in a hurry reads more
MOST_LINES_OF_A_PARAGRAPH = 5
LONGEST_LINE = 110  # characters of a paragraph
LINK = re.compile(r"\]\(([^)\s]+)\)")


def text(page: str) -> str:
    return (ROOT / page).read_text()


def without_blocks(page: str) -> str:
    """Without what is fenced or indented: programs, and what they print."""
    fenced = re.sub(r"^ *```.*?^ *```$", "", text(page), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^ {4,}.*$", "", fenced, flags=re.MULTILINE)


def paragraphs(page: str) -> list[list[str]]:
    """The lines of each, and of each item of a list; tables are none."""
    plain = re.sub(r"^\|.*$", "", without_blocks(page), flags=re.MULTILINE)
    items = re.sub(r"^ *(?:- |\d+\. )", "\n", plain, flags=re.MULTILINE)
    return [item.strip().splitlines() for item in re.split(r"\n\s*\n", items) if item.strip()]


def anchors(page: str) -> set[str]:
    """What follows the # in a link to one of the page's headings, as GitHub makes it of them."""
    headings = re.findall(r"^#+ (.+)$", without_blocks(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: str) -> Iterator[tuple[str, str]]:
    """Of the page, within the project: a path, '' for its own, and a heading's anchor or ''."""
    for target in LINK.findall(without_blocks(page)):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield path, anchor


def test_readme_is_short() -> None:
    """All else stands beside what it describes."""
    assert len(text("README.md").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", pages())
def test_paragraphs_are_short(page: str) -> None:
    """A person at night passes over a block of text."""
    found = paragraphs(page)
    assert [lines for lines in found if len(lines) > MOST_LINES_OF_A_PARAGRAPH] == []
    assert [line for lines in found for line in lines if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize("page", pages())
def test_links_lead_to_files_and_headings(page: str) -> None:
    """Within the project; a file that moved away is missed here."""
    for path, anchor in links(page):
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(str(target.resolve().relative_to(ROOT))), f"{path}#{anchor}"


def test_readme_leads_to_every_page() -> None:
    """So that a stranger finds it."""
    reached, left = set(), ["README.md"]
    while left:
        page = left.pop()
        if page not in reached:
            reached.add(page)
            folder = (ROOT / page).parent
            found = [(folder / path).resolve() for path, _ in links(page) if path.endswith(".md")]
            left += [str(target.relative_to(ROOT)) for target in found]
    assert reached == set(pages())


@pytest.mark.parametrize("account", ["backup", "restore"])
def test_grants_of_the_pages_are_those_of_the_sample(account: str) -> None:
    """The smallest rights that a full dump needs, and those that a restore needs; told once."""
    sql = "".join(block for page in pages() for block in blocks(page, "sql"))
    of_pages = re.findall(rf"^GRANT (.+) TO {account}@", sql, re.MULTILINE)
    script = text(f"db_data/{account}_user.sh").replace("\\`", "`")
    of_sample = re.findall(r"^GRANT (.+) TO \$user", script, re.MULTILINE)
    assert of_sample
    assert of_pages == of_sample


def test_page_and_example_list_the_same_settings() -> None:
    """Every variable once in each."""
    names = "".join(row[0] for row in rows_of("scripts/settings.md"))
    assert sorted(re.findall(r"`([A-Z0-9_]+)`", names)) == sorted(settings_of_the_example())


def test_costs_in_the_readme_are_some_of_those_that_were_measured() -> None:
    """What it is held against, the ratio and the memory stand in the bench's own table."""
    table = rows_of("tests/bench/README.md")
    measured = {(row[1], row[2], row[6].split(" / ")[0]) for row in table}
    told = {tuple(row[1:]) for row in rows_of("README.md") if row[2:3] and row[2][:1].isdigit()}
    assert told
    assert told <= measured
