"""Identifiers as SQL writes them."""

from __future__ import annotations


def quote(name: str) -> str:
    """The name as SQL writes it."""
    return "`" + name.replace("`", "``") + "`"
