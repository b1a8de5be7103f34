"""What a person sees of backups and drills."""

from __future__ import annotations

import json

import pytest
from datadump.backups.catalogue import Backup, Newest
from datadump.backups.listing import as_json, as_table
from datadump.backups.proofs import Proof
from datadump.drill.comparison import Finding, Outcome
from datadump.drill.report import as_outcome
from datadump.ground.terminal import Notices
from datadump.sql.programs import Name

EVIL = "\x1b[2J\x9b2J\n\ud800"
SHOWN = "?[2J?2J??"


def test_table_shows_no_text_of_the_bucket_as_it_is() -> None:
    """Neither a key nor metadata nor a proof."""
    proof = Proof(EVIL, EVIL, EVIL, verified=False, reason=EVIL, at=EVIL, numbers={}, seconds={})
    backup = Backup(EVIL, 1, EVIL, EVIL, EVIL, EVIL, EVIL, proof)
    _, row = as_table(Newest([backup], more=False), "s3://b").splitlines()
    assert row.split() == [SHOWN, "1", "B", SHOWN, SHOWN, "FAILED", SHOWN]


def test_json_is_ascii_whatever_the_bucket_holds() -> None:
    """A terminal may show that, too; a program reads what is there."""
    backup = Backup(EVIL, 1, "", EVIL, EVIL, "", "")
    text = as_json(Newest([backup], more=False))
    assert text.replace("\n", "").isprintable()
    assert text.isascii()
    assert json.loads(text)[0]["key"] == EVIL


def test_outcome_of_a_drill_shows_no_text_of_the_dump_as_it_is() -> None:
    """Names, results, the note and the reason are the dump's or its server's."""
    outcome = Outcome([Finding(Name("table", EVIL), 1, EVIL)], EVIL, [EVIL])
    _, row, note, verdict = as_outcome(outcome).splitlines()
    assert row.split() == ["table", SHOWN, "1", SHOWN]
    assert (note, verdict) == (SHOWN, f"FAILED: {SHOWN}")


def test_what_is_said_once_shows_no_text_of_the_store_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A warning has the store's own words in it."""
    Notices().say(EVIL)
    Notices().warn(EVIL)
    assert tuple(capsys.readouterr()) == (f"{SHOWN}\n", f"{SHOWN}\n")
