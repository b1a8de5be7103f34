"""Identifiers as SQL writes them."""

from __future__ import annotations

import re

# A name of a dump, which is in double quotes where it is of a program with the mode ANSI_QUOTES.
QUOTED = rb"(?:`(?:[^`]++|``)*+`|\"(?:[^\"]++|\"\")*+\")"


def quote(name: str) -> str:
    """The identifier in backquotes."""
    return "`" + name.replace("`", "``") + "`"


def unquote(name: str) -> str:
    """The identifier that stands in these quotes; one without quotes is itself."""
    for mark in ("`", '"'):
        if name.startswith(mark):
            return name[1:-1].replace(mark * 2, mark)
    return name


def without_database(view: bytes, database: str) -> bytes:
    """The definition of a view of that database, with columns of two names: table and column.

    MariaDB shows three of them, the database's first, where the view's definer doesn't exist any
    more.
    """
    qualifier = re.escape(quote(database).encode())
    return re.sub(qualifier + rb"\.(?=`(?:[^`]++|``)++`\.`)", b"", view)
