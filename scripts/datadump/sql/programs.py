"""What of a dump is program: views, triggers, routines and events, told apart one by one."""

from __future__ import annotations

import re
from typing import NamedTuple

from datadump.sql.quoting import QUOTED, unquote
from datadump.sql.sections import Kind, Section

# Of one trigger, event or routine, with the settings that it was made under.
FIRST_LINES = {
    Kind.TRIGGERS: b"/*!50003 SET @saved_cs_client",
    Kind.EVENTS: b"/*!50106 DROP EVENT",
    Kind.ROUTINES: b"/*!50003 SET @saved_sql_mode",
}
UNIT = re.compile(
    rb"/\*!\d+ DROP (EVENT|FUNCTION|PROCEDURE|PACKAGE BODY|PACKAGE) "
    rb"IF EXISTS (`(?:[^`]++|``)++`) \*/;+\n"
)
NAME = r"""(?:`(?:[^`]++|``)++`|"(?:[^"]++|"")++"|[^\s`".]+)"""
TRIGGER = re.compile(
    rf"TRIGGER\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:{NAME}\s*\.\s*)?({NAME})\s".encode(), re.IGNORECASE
)
LEFT_OUT = re.compile(rb"-- Broken view, left out: (%b): (.*)\n" % QUOTED)


class Name(NamedTuple):
    """Which database object is meant: its kind (table, view, trigger, ...) and its name."""

    kind: str
    name: str


def begins_program(section: Section, sql: bytes) -> bool:
    """Whether a trigger, event or routine begins here, after others of its section.

    A view has a section of its own.
    """
    return section.kind in FIRST_LINES and sql.startswith(FIRST_LINES[section.kind])


def name_of_program(section: Section, text: bytes) -> Name | None:
    """Which view, trigger, event or routine that text of the section makes; None for none."""
    if section.kind is Kind.VIEW:
        return Name("view", section.name)
    if section.kind is Kind.TRIGGERS:
        match = TRIGGER.search(text)
        return Name("trigger", unquote(match[1].decode(errors="replace"))) if match else None
    if match := UNIT.search(text):
        return Name(match[1].decode().lower(), unquote(match[2].decode(errors="replace")))
    return None


def left_out_views(line: bytes) -> list[str]:
    """What this comment of a dump tells of a view that was broken, and so isn't in the dump.

    Nothing, for a line of its definition.
    """
    found = LEFT_OUT.fullmatch(line)
    if not found:
        return []
    name, complaint = (text.decode(errors="replace") for text in found.groups())
    return [f"left out of the dump, since it was broken: view {unquote(name)} ({complaint})"]
