"""The page as a person sees it: in a browser, in four states, at three widths, light and dark."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from datadump.status.page import as_page
from playwright.sync_api import Browser, Page
from support.onlookers import browser as running_browser
from support.onlookers import page_server
from support.states import HOSTILE, states

STATES = states()
WIDTHS = [360, 800, 1600]
SCHEMES = ["light", "dark"]

# What stands over something else, or sticks out: pairs of the boxes of texts, and what is wider
# than the window. One within the other is no overlap.
FAULTS = """() => {
    const boxes = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node; (node = walker.nextNode());) {
        if (!node.data.trim() || !node.parentElement.checkVisibility()) continue
        const style = getComputedStyle(node.parentElement)
        if (style.clipPath !== 'none' || node.parentElement.closest('thead, .hidden')) continue
        const range = document.createRange()
        range.selectNodeContents(node)
        for (const box of range.getClientRects()) boxes.push([box, node.data.trim().slice(0, 40)])
    }
    boxes.sort((one, other) => one[0].top - other[0].top)
    const faults = []
    boxes.forEach(([box, text], number) => {
        if (box.left < 0 || box.right > innerWidth) faults.push(`sticks out: ${text}`)
        for (let next = number + 1; next < boxes.length; next++) {
            const [other, over] = boxes[next]
            if (other.top >= box.bottom - 3) break
            if (other.left < box.right - 1 && other.right > box.left + 1)
                faults.push(`${text} | ${over}`)
        }
    })
    for (const one of document.querySelectorAll('body *:not(.hidden)'))
        if (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow !== 'visible')
            faults.push(`is cut: ${one.className} ${one.textContent.slice(0, 40)}`)
    if (document.documentElement.scrollWidth > innerWidth) faults.push('scrolls sideways')
    return faults
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the web server shows."""
    path = tmp_path_factory.mktemp("status")
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with page_server(folder) as found:
        yield found


@pytest.fixture
def show(browser: Browser, folder: Path, address: str) -> Iterator[Callable[..., Page]]:
    """Put a state on show, and look at it."""
    contexts = []

    def open_page(state: str, width: int = 800, age: int = 0, **options: Any) -> Page:
        (folder / "new").write_text(as_page(*STATES[state]))
        moment = time.time() - age
        os.utime(folder / "new", (moment, moment))
        (folder / "new").rename(folder / "index.html")
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("state", STATES)
def test_nothing_overlaps_is_cut_or_needs_scrolling_sideways(
    show: Callable[..., Page], state: str, width: int, scheme: str
) -> None:
    page = show(state, width, color_scheme=scheme)
    assert page.evaluate(FAULTS) == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [360, 1600])
@pytest.mark.parametrize("state", STATES)
def test_accessibility_checker_finds_nothing(
    show: Callable[..., Page], state: str, width: int, scheme: str
) -> None:
    """Axe: contrast, names, roles, order. It brings a script of its own, hence bypass_csp."""
    found = Axe().run(show(state, width, color_scheme=scheme, bypass_csp=True))
    assert found.response["violations"] == [], json.dumps(found.response["violations"], indent=1)


@pytest.mark.parametrize(
    ("state", "word", "title"),
    [("well", "Well", "✓ Backups: well"), ("forty", "Wrong", "✗ Backups: wrong")],
)
def test_one_word_says_whether_all_is_well(
    show: Callable[..., Page], state: str, word: str, title: str
) -> None:
    page = show(state)
    assert page.get_by_role("heading", level=1).all_inner_texts() == [word]
    assert page.title() == title
    sign = page.locator("header .sign")
    assert (sign.inner_text(), sign.bounding_box()["height"] > 60) == (title[0], True)  # type: ignore[index]


def test_order_of_the_page_is_that_of_the_questions(show: Callable[..., Page]) -> None:
    page = show("forty")
    assert page.get_by_role("heading", level=2).all_inner_texts() == [
        "What is wrong, worst first", "Databases", "Day by day", "The last lines of the log",
    ]  # fmt: skip
    assert (
        "take one (docker compose run --rm dump)" in page.get_by_role("listitem").last.inner_text()
    )
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="db_16"))
    assert "2 days ago" in row.inner_text()
    assert page.get_by_role("img", name="the last 90 days: Since").count() == 40


def test_page_grown_old_says_that_nobody_looks(show: Callable[..., Page]) -> None:
    """Without JavaScript, by the server; a look of just now is one."""
    old = show("well", age=16 * 60, java_script_enabled=False)
    assert old.get_by_role("heading", level=1).all_inner_texts() == ["Unknown"]
    assert "The watch is silent" in old.get_by_role("banner").inner_text()
    assert old.title() == "? Backups: unknown"
    young = show("well", age=14 * 60, java_script_enabled=False)
    assert young.get_by_role("heading", level=1).all_inner_texts() == ["Well"]


def test_page_before_the_first_look_says_so(browser: Browser, folder: Path, address: str) -> None:
    """And asks again by itself, as later."""
    for path in folder.iterdir():
        path.unlink()
    page = browser.new_page()
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 404
    assert answer.headers["refresh"] == "60"
    assert page.get_by_role("heading", level=1).inner_text() == "Not looked yet"
    page.close()


def test_hostile_names_do_nothing_in_a_browser(show: Callable[..., Page]) -> None:
    """Nor does the page ask for anything, or run anything."""
    page = show("hostile")
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    assert HOSTILE in page.get_by_role("heading", level=3).all_inner_texts()
    assert page.evaluate("document.scripts.length") == 0
    assert (complaints, asked) == ([], [page.url])


def test_page_of_forty_databases_prints_on_two_pages(show: Callable[..., Page]) -> None:
    """A4, as Chromium prints it."""
    printed = show("forty", 1600).pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 2
