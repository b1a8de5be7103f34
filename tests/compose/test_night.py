"""The page for the night: each of its ways, by its own lines, in the running stack."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from support.compose import Checkout, ask
from support.programs import ROOT
from support.waiting import wait_for

PAGE = "scripts/at-night.md"
MOMENT = "2026-11-26 02:00"  # of the page
SPOILT = "UPDATE AVALIACAO_INSCRICAO_XREF SET NOTA = 0, LANCADA_EM = '2026-01-01'"


def section(heading: str) -> str:
    """What stands under that heading of the page."""
    _, _, rest = (ROOT / PAGE).read_text().partition(f"\n## {heading}\n")
    return rest.partition("\n## ")[0]


def lines(heading: str, language: str = "shell") -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```", section(heading), re.MULTILINE | re.DOTALL)
    return "".join(found).splitlines()


Follow = Callable[[str], str]


@pytest.fixture
def follow(clone: Checkout) -> Iterator[Follow]:
    """What a line of the page says, when the moment in it is the one before the accident.

    A backup was taken before that.
    """
    clone.compose("run", "--rm", "dump")
    clone.tick()
    second = int(time.time())
    wait_for("another second", lambda: time.time() >= second + 2)
    moment = time.strftime("%Y-%m-%d %H:%M:%S%z")

    def run(line: str) -> str:
        result = clone.run("bash", "-c", line.replace(MOMENT, moment))
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    yield run
    for name in databases(clone) - {"FACULDADE"}:
        ask(clone, f"DROP DATABASE {name}")


def databases(clone: Checkout) -> set[str]:
    return {name for name in ask(clone, "SHOW DATABASES").split() if name.startswith("FACULDADE")}


def state(clone: Checkout) -> list[str]:
    """A checksum of every table, and the names and texts of all else."""
    tables = ask(
        clone,
        "SELECT TABLE_NAME FROM information_schema.TABLES "
        "WHERE TABLE_SCHEMA = 'FACULDADE' AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1",
    ).split()
    sums = ask(clone, f"CHECKSUM TABLE {', '.join(f'FACULDADE.{table}' for table in tables)}")
    programs = ask(
        clone,
        "SELECT 'view', TABLE_NAME, VIEW_DEFINITION, DEFINER FROM information_schema.VIEWS "
        "WHERE TABLE_SCHEMA = 'FACULDADE' UNION ALL "
        "SELECT 'trigger', TRIGGER_NAME, ACTION_STATEMENT, DEFINER "
        "FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'FACULDADE' UNION ALL "
        "SELECT ROUTINE_TYPE, ROUTINE_NAME, ROUTINE_DEFINITION, DEFINER "
        "FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'FACULDADE' UNION ALL "
        "SELECT STATUS, EVENT_NAME, EVENT_DEFINITION, DEFINER FROM information_schema.EVENTS "
        "WHERE EVENT_SCHEMA = 'FACULDADE'",
    )
    keys = ask(
        clone,
        "SELECT TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA "
        "FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = 'FACULDADE'",
    )
    return sorted([*sums.splitlines(), *programs.splitlines(), *keys.splitlines()])


def test_look_before_changes_nothing(clone: Checkout, follow: Follow) -> None:
    before = state(clone)
    (check,) = lines("First, three steps")
    assert "nothing stands in the way of " in follow(check)
    (beside,) = lines("Which way")
    follow(beside)
    assert state(clone) == before
    assert databases(clone) == {"FACULDADE", "FACULDADE_look"}


@pytest.mark.parametrize(
    ("heading", "number", "accident"),
    [
        ("All of it", 0, "DROP DATABASE FACULDADE"),
        ("All of it", 1, f"{SPOILT}; DROP VIEW VW_BOLETIM; DROP TABLE AVALIACAO"),
        ("Some tables", 0, "DROP TABLE ALUNO, INSCRICAO"),
        ("Some tables", 1, SPOILT),
    ],
)
def test_what_the_accident_took_is_back(
    clone: Checkout, follow: Follow, heading: str, number: int, accident: str
) -> None:
    """Of the last backup before it; a dump of after it holds the damage."""
    before = state(clone)
    ask(clone, f"USE FACULDADE; SET foreign_key_checks = 0; {accident}")
    if accident != "DROP DATABASE FACULDADE":
        clone.compose("run", "--rm", "dump")
        clone.tick()
    follow(lines(heading)[number])
    assert state(clone) == before


def test_undo_takes_the_restore_back(clone: Checkout, follow: Follow) -> None:
    ask(clone, f"USE FACULDADE; {SPOILT}")
    before = state(clone)
    follow(lines("All of it")[1])
    assert state(clone) != before
    (undo,) = lines("Back again")
    follow(undo)
    assert state(clone) == before


def test_some_rows_are_back_and_newer_ones_stay(clone: Checkout, follow: Follow) -> None:
    """Whatever the table's trigger would do to an UPDATE."""
    before = state(clone)
    ask(clone, f"USE FACULDADE; {SPOILT} WHERE INSCRICAO_ID = 2000")
    ask(clone, "USE FACULDADE; UPDATE AVALIACAO_INSCRICAO_XREF SET NOTA = 1 WHERE INSCRICAO_ID = 1")
    newer = "SELECT * FROM FACULDADE.AVALIACAO_INSCRICAO_XREF WHERE INSCRICAO_ID = 1"
    kept = ask(clone, newer)
    (beside,) = lines("Some rows")
    follow(beside)
    told = ask(clone, "\n".join(lines("Some rows", "sql")))
    grades = ask(
        clone,
        "SELECT COUNT(*) FROM FACULDADE_rows.AVALIACAO_INSCRICAO_XREF "
        "WHERE INSCRICAO_ID IN (1, 2000)",
    )
    assert sum(line.split("\t")[1] in {"1", "2000"} for line in told.splitlines()) == int(grades)
    assert ask(clone, newer) == kept
    ask(
        clone,
        "DELETE FROM FACULDADE.AVALIACAO_INSCRICAO_XREF WHERE INSCRICAO_ID = 1; "
        "INSERT INTO FACULDADE.AVALIACAO_INSCRICAO_XREF "
        "SELECT * FROM FACULDADE_rows.AVALIACAO_INSCRICAO_XREF WHERE INSCRICAO_ID = 1",
    )
    assert state(clone) == before
