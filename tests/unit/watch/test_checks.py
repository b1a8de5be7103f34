"""What is well and what isn't, by what was seen and what is wanted: without asking anybody."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from datadump.settings.environment import SettingsError
from datadump.settings.watching import Wanted, read_wanted
from datadump.sight.seen import (
    BackupSeen,
    DumpSeen,
    ExchangeSeen,
    MirrorSeen,
    PipelineSeen,
    ProofSeen,
    Seen,
)
from datadump.watch.checks import WORST_FIRST, Check, checks
from support.pages import rows_of

NOW = 1_795_000_000.0
MINUTE, HOUR, DAY = 60, 3600, 86400
MIB = 1024 * 1024
WANTED = read_wanted({})


def backups(newest: int = MIB, before: int = 7) -> list[BackupSeen]:
    """So many bytes in the newest, and so many backups before it."""
    sizes = [newest] + [MIB] * before
    return [
        BackupSeen(f"2026-11-{23 - number}/datadump1.sql", size, NOW - 3 * HOUR - number * DAY)
        for number, size in enumerate(sizes)
    ]


WELL = PipelineSeen(
    "shop",
    backups(),
    [ProofSeen("2026-11-22/datadump1.sql", NOW - DAY, True, "", 600)],
    [],
    DumpSeen(NOW - 3 * HOUR, ""),
)


CUT = ExchangeSeen("shop", NOW - HOUR)


def look(*pipelines: PipelineSeen, wanted: Wanted = WANTED, **changes: object) -> list[Check]:
    seen = Seen(NOW, pipelines or (WELL,), free=10 * MIB)
    return checks(seen._replace(**changes), wanted)  # type: ignore[arg-type]


def failing(*pipelines: PipelineSeen, wanted: Wanted = WANTED, **changes: object) -> list[str]:
    """What fails, as a person reads it."""
    return [str(one) for one in look(*pipelines, wanted=wanted, **changes) if not one.passed]


def test_all_is_well_where_nothing_is_wrong() -> None:
    """And all checks are there."""
    found = look(mirror=MirrorSeen())
    assert {one.name for one in found} == {
        "backup", "proof", "upload", "dump", "size", "room", "coverage", "bucket", "restore",
        "mirror",
    }  # fmt: skip
    assert all(one.passed for one in found)


def test_page_of_the_checks_has_them_all() -> None:
    rows = rows_of("scripts/watch.md")
    assert {row[0].strip("`") for row in rows if row[0].startswith("`")} == set(WORST_FIRST)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"backups": []}, "backup of shop: there is no backup at all: take one"),
        ({"backups": [BackupSeen("k", 1, NOW - 27 * HOUR)]},
         "backup of shop: the newest backup is 27 hours old, of .*, and 26 hours are allowed"),
        ({"backups": [BackupSeen("k", 1, 0.0)]}, "backup of shop: how old k is isn't known"),
        ({"backups": [BackupSeen("k", 1, NOW + HOUR)]},
         "backup of shop: .* which is to come: one of two clocks is wrong"),
        ({"proofs": [ProofSeen("k", NOW - DAY, False, "t is missing", 0)]},
         "proof of shop: the last drill was held 24 hours ago, of k, and FAILED: t is missing"),
        ({"backups": backups(MIB // 2 - 1)}, "size of shop: .* much of the data may be gone"),
        ({"waiting": [NOW - 2 * HOUR, NOW]},
         "upload of shop: 2 dumps wait since 2 hours, and 60 minutes are allowed"),
        ({"waiting": [NOW + HOUR]},
         "upload of shop: 1 dump waits since .*, which is to come: one of two clocks is wrong"),
        ({"proofs": [ProofSeen("k", NOW + HOUR, True, "", 0)]},
         "proof of shop: the last drill was held at .*, which is to come: one of two clocks"),
        ({"dump": DumpSeen(NOW - HOUR, "no room")},
         "dump of shop: the last dump failed .* no room"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_to_do(change: dict[str, object], said: str) -> None:
    """Of that database; the others are well."""
    wrong = WELL._replace(**change)  # type: ignore[arg-type]
    (text,) = failing(wrong, WELL._replace(database="crm"))
    assert re.search(said, text)
    assert len(text) > len(said)


@pytest.mark.parametrize(
    "change",
    [
        {"backups": [BackupSeen("k", 1, NOW - 26 * HOUR)]},
        {"backups": [BackupSeen("k", 1, NOW + MINUTE)]},  # clocks differ a little
        {"backups": [], "waiting": [NOW - 5]},  # the first one is on its way
        {"proofs": []},
        {"backups": backups(MIB // 2)},
        {"backups": backups(1, before=6)},  # too few to compare
        {"waiting": [NOW - HOUR]},
        {"dump": None},
    ],
)
def test_what_is_just_well_is_no_alarm(change: dict[str, object]) -> None:
    """Nor is what nobody can know yet."""
    assert failing(WELL._replace(**change)) == []  # type: ignore[arg-type]


def test_age_of_a_proof_counts_where_one_is_asked_for() -> None:
    """And none at all then, too."""
    wanted = read_wanted({"PROOF_MAX_AGE": "8d"})
    assert failing(wanted=wanted) == []
    old = WELL._replace(proofs=[ProofSeen("k", NOW - 9 * DAY, True, "", 0)])
    assert failing(old) == []
    (text,) = failing(old, wanted=wanted)
    assert "held 9 days ago, of k, and 8 days are allowed: hold one" in text
    (text,) = failing(WELL._replace(proofs=[]), wanted=wanted)
    assert "no backup was ever proven: hold a drill" in text


def test_bucket_that_cannot_be_asked_is_no_calm() -> None:
    """Nothing is said of backups then, and all that is known here still is."""
    waiting = WELL._replace(waiting=[NOW - 2 * HOUR])
    found = look(waiting, trouble="Could not connect (s3://backups)")
    assert [one.name for one in found if not one.passed] == ["bucket", "upload"]
    assert "nothing is known of backups: Could not connect" in found[0].text
    assert {"backup", "proof", "size", "room"} & {one.name for one in found} == set()
    assert "restore" in {one.name for one in found}
    assert len(failing(exchanges=[CUT], trouble="no answer")) == 2


def test_room_is_for_the_next_dumps_of_all() -> None:
    """By the size of the last ones."""
    both = (WELL, WELL._replace(database="crm"))
    assert failing(*both, free=2 * MIB + 1) == []
    (text,) = failing(*both, free=2 * MIB)
    assert "2.0 MiB are free for dumps, and the last ones took 2.0 MiB" in text


def test_sizes_of_one_suffix_are_compared() -> None:
    """A compressed one is smaller; it has no number of others like it yet."""
    compressed = BackupSeen("2026-11-24/datadump1.sql.zst", 1, NOW - 3 * HOUR)
    assert failing(WELL._replace(backups=[compressed, *backups()])) == []
    (text,) = failing(WELL._replace(backups=[*backups(1, before=3), compressed, *backups()]))
    assert text.startswith("size of shop: ")


def test_what_is_left_of_a_database_is_not_hidden_by_its_folder() -> None:
    """From before there were several; both have its name, and one of them waits."""
    left = WELL._replace(backups=[], proofs=[], waiting=[NOW - 2 * HOUR])
    for pipelines in ((left, WELL), (WELL, left)):
        assert {text.partition(":")[0] for text in failing(*pipelines)} == {
            "backup of shop", "upload of shop",
        }  # fmt: skip


def test_worst_comes_first() -> None:
    """Among what fails, whichever database it is of."""
    late = WELL._replace(waiting=[NOW - 2 * HOUR])
    none = WELL._replace(database="crm", backups=[])
    found = look(late, none, free=1, uncovered=["wiki"], exchanges=[CUT])
    assert [one.name for one in found if not one.passed] == [
        "restore", "backup", "upload", "room", "coverage",
    ]  # fmt: skip


def test_databases_that_nobody_backs_up_are_named() -> None:
    (text,) = failing(uncovered=["crm", "wiki"])
    assert "nobody backs up crm, wiki: name them in DB_NAMES" in text


def clock(moment: float) -> str:
    """As the log has it."""
    return f"{datetime.fromtimestamp(moment).astimezone():%Y-%m-%d %H:%M:%S}"


def test_exchange_that_was_cut_is_said_with_what_to_do() -> None:
    """And how bad it is; to the second, as the log and the names of databases have it."""
    assert failing(exchanges=[CUT]) == [
        f"restore: the exchange of shop at {clock(NOW - HOUR)} was cut: shop may lack views, "
        "triggers, routines and events; no table is lost. Bring back what it held (docker compose "
        "run --rm restore --undo), or give the same restore again, which finishes it"
    ]


def test_exchanges_that_were_cut_are_in_one_sentence() -> None:
    (text,) = failing(exchanges=[CUT, ExchangeSeen("crm", NOW - DAY)])
    assert text == (
        f"restore: the exchanges of shop at {clock(NOW - HOUR)}, of crm at {clock(NOW - DAY)} were "
        "cut: each may lack views, triggers, routines and events; no table is lost. Bring back "
        "what it held (docker compose run --rm restore --undo --database NAME), or give the same "
        "restore again, which finishes it"
    )


@pytest.mark.parametrize("age", [0, 10 * MINUTE, -MINUTE])
def test_exchange_that_may_be_under_way_is_no_alarm(age: float) -> None:
    """For ten minutes; clocks differ a little."""
    assert failing(exchanges=[ExchangeSeen("shop", NOW - age)]) == []


@pytest.mark.parametrize("age", [10 * MINUTE + 1, -HOUR])
def test_exchange_that_takes_too_long_was_cut(age: float) -> None:
    """One of a time to come, too: by a clock that was ahead, nobody would be told for long."""
    assert len(failing(exchanges=[ExchangeSeen("shop", NOW - age)])) == 1


def test_undo_names_the_database_where_there_are_others() -> None:
    """Else a restore asks which one is meant."""
    both = (WELL, WELL._replace(database="crm"))
    (text,) = failing(*both, exchanges=[CUT, CUT._replace(at=NOW - DAY)])
    assert "cut: shop may lack" in text
    assert "(docker compose run --rm restore --undo --database shop)" in text
    (text,) = failing(exchanges=[ExchangeSeen("my shop", NOW - HOUR)])
    assert "(docker compose run --rm restore --undo --database 'my shop')" in text


def test_database_that_was_cut_is_shown_printable() -> None:
    """Whatever the log has."""
    (text,) = failing(exchanges=[ExchangeSeen("sh\x1b[31m\u202eop", NOW - HOUR)])
    assert "the exchange of sh?[31m?op at " in text
    assert text.isprintable()


ELSEWHERE = WELL._replace(database="db7/shop", waiting=None, dump=None, exclusion="db7/shop:shop")


def test_of_a_bucket_alone_nothing_is_said_of_a_folder_or_a_log() -> None:
    """Not even that it is well."""
    found = look(ELSEWHERE, bucket_alone=True, free=None, mirror=MirrorSeen())
    assert [str(one).partition(": ")[0] for one in found] == [
        "bucket", "backup of db7/shop", "proof of db7/shop", "size of db7/shop", "mirror",
    ]  # fmt: skip
    assert all(one.passed for one in found)
    away = look(ELSEWHERE, bucket_alone=True, free=None, trouble="no answer")
    assert [one.subject for one in away] == ["bucket"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"backups": []}, "take one (docker compose run --rm dump on its host), and see the newest "
         "file in logs/ on its host. If it is gone for good, add db7/shop:shop to DB_EXCLUDE"),
        ({"backups": [BackupSeen("k", 1, NOW - 27 * HOUR)]}, "see the newest file in logs/ on its "
         "host. If it is gone for good, add db7/shop:shop to DB_EXCLUDE"),
        ({"proofs": [ProofSeen("k", NOW - DAY, False, "t is missing", 0)]},
         "take another (docker compose run --rm dump on its host)"),
    ],
)  # fmt: skip
def test_remedies_of_a_bucket_alone_are_for_that_host(change: dict[str, object], said: str) -> None:
    wrong = ELSEWHERE._replace(**change)  # type: ignore[arg-type]
    (text,) = failing(wrong, bucket_alone=True, free=None)
    assert said in text


def test_what_the_store_does_not_show_of_one_pipeline_is_its_alarm() -> None:
    """And nothing else is said of it: neither that it is well, nor that there is no backup."""
    hidden = PipelineSeen("team", waiting=None, exclusion="team:", trouble="forbidden (s3://b/k)")
    found = look(hidden, bucket_alone=True, free=None)
    (text,) = [str(one) for one in found if not one.passed]
    assert text == (
        "bucket of team: it doesn't show what there is: forbidden (s3://b/k). If these are no "
        "backups, add team: to DB_EXCLUDE"
    )
    assert [one.subject for one in found] == ["bucket of team", "bucket"]
    (of_ours,) = failing(hidden._replace(exclusion=""), bucket_alone=True, free=None)
    assert of_ours.endswith("what there is: forbidden (s3://b/k)")


def test_text_is_one_line_whatever_a_proof_says() -> None:
    """It would read as another alarm, or as that of another database being well again."""
    proof = ProofSeen("k", NOW - DAY, False, "x\n\nwell again: backup of crm\x1b", 0)
    (text,) = failing(WELL._replace(proofs=[proof]))
    assert "FAILED: x??well again: backup of crm?" in text


def test_bucket_without_a_backup_is_no_calm() -> None:
    """Of many hosts that is never as it should be."""
    (one,) = checks(Seen(NOW, [], bucket_alone=True), WANTED)[:1]
    assert (one.subject, one.passed) == ("backup of *", False)
    assert one.text.startswith("there is not one backup that is watched: is this the bucket ")
    (away,) = checks(Seen(NOW, [], "no answer", bucket_alone=True), WANTED)
    assert away.name == "bucket"


@pytest.mark.parametrize("name", ["BACKUP_MAX_AGE", "PROOF_MAX_AGE", "UPLOAD_MAX_AGE"])
@pytest.mark.parametrize("text", ["26", "h", "1.5h", "-1h", "0d", "26 h"])
def test_age_that_is_none_is_a_wrong_setting(name: str, text: str) -> None:
    """And a right one is shown."""
    with pytest.raises(SettingsError, match=f"{name}: '{text}' is no time such as 30m, 26h or 8d"):
        read_wanted({name: text})


def test_excluded_names_are_those_of_the_dump() -> None:
    """By * alone; apart by blanks or commas."""
    wanted = read_wanted({"DB_EXCLUDE": "test*, old [x]"})
    excluded = ["test", "test_1", "old", "[x]"]
    assert [name for name in [*excluded, "older", "x", "atest"] if wanted.is_excluded(name)] == (
        excluded
    )


def test_name_that_is_also_excluded_is_watched() -> None:
    """The dump takes what DB_NAMES names, whatever DB_EXCLUDE says."""
    wanted = read_wanted({"DB_NAMES": "test_shop", "DB_EXCLUDE": "test*"})
    assert [name for name in ("test_shop", "test_1") if wanted.is_excluded(name)] == ["test_1"]
