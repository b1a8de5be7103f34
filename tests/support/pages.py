"""What people read: the project's Markdown pages."""

from __future__ import annotations

import re
import subprocess

from support.programs import ROOT


def pages() -> list[str]:
    """Their paths in the project: all that git knows, or is about to be told of."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return sorted(listed.stdout.splitlines())


def blocks(page: str, language: str) -> list[str]:
    """What stands in the page's fenced blocks of that language, in order."""
    fenced = rf"^```{language}\n(.*?)^```"
    return re.findall(fenced, (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


def rows_of(page: str) -> list[list[str]]:
    """The cells of each line of its tables; a pipe that is text stays as it is written."""
    lines = [line for line in (ROOT / page).read_text().splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
