"""Several databases of one server: each is dumped as if it were alone, and none keeps another."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import TextIO

import pytest
from support.mariadb import Server, running_server
from support.programs import Workplace, stand_in
from support.shop import dump_settings, make_account, rights
from support.waiting import wait_for

SMALL = "CREATE TABLE t (a INT PRIMARY KEY); INSERT INTO t VALUES ({});"
FORTY = [f"db_{number}" for number in range(1, 41)]
BROKEN = "db_40"  # its event can't be dumped


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: all that it has counts here."""
    with running_server(tmp_path_factory.mktemp("many")) as server:
        make_account(server, rights(server, "*.*"))
        yield server


@pytest.fixture
def databases(many: Server) -> Iterator[Callable[..., None]]:
    """Make small ones of these names, and drop them afterwards."""
    made: list[str] = []

    def make(*names: str) -> None:
        made.extend(names)
        for number, name in enumerate(names, 1):
            many.load(SMALL.format(number).encode(), name)

    yield make
    for name in made:
        many.query(f"DROP DATABASE IF EXISTS `{name}`")
    make_account(many, rights(many, "*.*"))


@pytest.fixture
def work(many: Server, tmp_path: Path) -> Workplace:
    return Workplace(tmp_path / "work", dump_settings(many, tmp_path / "password"))


def dumps_of(work: Workplace) -> dict[str, bytes]:
    """The finished dumps, by their folders."""
    return {path.parent.name: path.read_bytes() for path in work.dumps.glob("*/datadump.sql")}


def test_all_of_forty_are_dumped_but_the_broken_one(
    work: Workplace, many: Server, databases: Callable[..., None]
) -> None:
    """In one run of seconds; each has its line, its folder and its own rows."""
    databases(*FORTY)
    many.query(f"CREATE EVENT {BROKEN}.e ON SCHEDULE EVERY 1 DAY DO SELECT ';;'")
    result = work.dump(DB_NAMES="*")
    assert result.returncode == 1, result.stderr
    found = dumps_of(work)
    assert set(found) == set(FORTY) - {BROKEN}
    for number, name in enumerate(FORTY, 1):
        if name != BROKEN:
            assert b"INSERT INTO `t` VALUES\n(%d);" % number in found[name]
    messages = work.messages()
    assert {f"database dump completed: {name}" for name in found} < set(messages)
    (failure,) = set(messages) - {f"database dump completed: {name}" for name in found}
    assert failure.startswith(
        f"database dump failed: {BROKEN}: mariadb-dump never ends on an event"
    )


def test_named_ones_are_dumped_and_the_others_told_once_a_day(
    work: Workplace, databases: Callable[..., None]
) -> None:
    """Apart by blanks or commas, twice named once dumped; what is excluded isn't told."""
    databases("shop", "crm", "wiki", "test_1", "blog")
    settings = {"DB_NAMES": "shop, crm shop", "DB_EXCLUDE": "test* blog"}
    for _ in range(2):
        assert work.dump(**settings).returncode == 0
    lines = [f"database dump completed: {name}" for name in ("shop", "crm")]
    assert work.messages() == ["databases not backed up: wiki", *lines, *lines]
    assert set(dumps_of(work)) == {"shop", "crm"}


def test_one_database_alone_tells_of_the_others_too(
    work: Workplace, many: Server, databases: Callable[..., None]
) -> None:
    """And an account that sees no other says nothing; all else is as without several."""
    databases("shop", "crm")
    assert work.dump(DB_NAME="shop").returncode == 0
    make_account(many, rights(many, "shop.*"))
    assert work.dump(DB_NAME="shop").returncode == 0
    completed = "database dump completed"
    assert work.messages() == ["databases not backed up: crm", completed, completed]
    assert len(work.files()) == 2
    assert (work.dumps / "datadump.sql").exists()


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("a b", "a b"), ("a,b", "a,b"), ("a/b", "a%2Fb"), ("100%", "100%25"), ("%41", "%2541"),
        (".dot", "%2Edot"), ("..", "%2E."), ("back\\slash", "back%5Cslash"), ("Shop", "Shop"),
        ("proofs", "%70roofs"), ("2026-11-23", "%32026-11-23"), ("quo'te", "quo'te"),
        ("datadump.sql", "%64atadump.sql"), ("lost+found", "%6Cost+found"),
        ("dollar$", "dollar$"), ("star*", "star*"), ("學" * 51, "學" * 51), ("ü" * 64, "ü" * 64),
        ("-x", "-x"), (" lead", " lead"),
    ],
)  # fmt: skip
def test_any_name_of_a_database_becomes_a_folder(
    work: Workplace, databases: Callable[..., None], name: str, folder: str
) -> None:
    """What a file or a key can't hold is percent-encoded, and what means something else there."""
    databases(name)
    assert work.dump(DB_NAMES="*").returncode == 0, work.messages()
    assert work.messages() == [f"database dump completed: {name}"]
    assert set(dumps_of(work)) == {folder}


def test_names_in_two_cases_are_two_databases(
    work: Workplace, databases: Callable[..., None]
) -> None:
    databases("shop", "Shop")
    assert work.dump(DB_NAMES="*", DB_EXCLUDE="SHOP").returncode == 0
    found = dumps_of(work)
    assert b"VALUES\n(1)" in found["shop"]
    assert b"VALUES\n(2)" in found["Shop"]


@pytest.mark.parametrize("name", ["line\nend", "tab\tin", "escape\x1b[2J"])
def test_name_with_control_characters_fails_alone(
    work: Workplace, databases: Callable[..., None], name: str
) -> None:
    """By a line that can be read."""
    databases(name, "shop")
    assert work.dump(DB_NAMES="*").returncode == 1
    completed, failed = sorted(work.messages())
    assert completed == "database dump completed: shop"
    assert ": its name has control characters" in failed
    assert set(dumps_of(work)) == {"shop"}


def test_database_that_may_not_be_seen_whole_fails_with_what_is_missing(
    work: Workplace, many: Server, databases: Callable[..., None]
) -> None:
    """And stops no other."""
    databases("crm", "shop")
    make_account(many, [*rights(many, "shop.*"), "SELECT ON crm.*"])
    assert work.dump(DB_NAMES="*").returncode == 1
    failed, completed = work.messages()
    assert failed.startswith("database dump failed: crm: the account backup may not see")
    assert "SHOW VIEW on crm" in failed
    assert completed == "database dump completed: shop"


def test_databases_come_and_go(
    work: Workplace, many: Server, databases: Callable[..., None]
) -> None:
    """What appears is dumped; of what vanishes nothing is touched, and a warning says so."""
    databases("old", "shop")
    assert work.dump(DB_NAMES="*").returncode == 0
    kept = dumps_of(work)["old"]
    many.query("DROP DATABASE old")
    databases("appeared")
    result = work.dump(DB_NAMES="*")
    assert result.returncode == 0
    assert [line for line in result.stderr.splitlines() if "old" in line] == [
        "warning: databases that are not on the server any more, or not to be seen; what is theirs "
        "stays: old"
    ]
    assert set(dumps_of(work)) == {"old", "shop", "appeared"}
    assert dumps_of(work)["old"] == kept


def test_account_that_sees_no_database_is_a_failure(work: Workplace, many: Server) -> None:
    """And nothing is dumped in place of all. Where all are excluded, that is meant."""
    many.query("CREATE DATABASE shop")
    try:
        assert work.dump(DB_NAMES="*", DB_EXCLUDE="*").returncode == 0
        assert work.messages() == []
    finally:
        many.query("DROP DATABASE shop")
    assert work.dump(DB_NAMES="*").returncode == 1
    assert work.messages() == ["database dump failed: *: the account backup sees no database"]
    assert dumps_of(work) == {}
    assert work.files() == {}


def test_server_that_is_down_is_a_line_for_each(work: Workplace) -> None:
    """Nobody knows which where all are meant: those are *."""
    assert work.dump(DB_NAMES="shop crm", DB_PORT="1").returncode == 1
    assert work.dump(DB_NAMES="*", DB_PORT="1").returncode == 1
    starts = [message.split("ERROR")[0] for message in work.messages()]
    assert starts == [
        "database dump failed: shop: ", "database dump failed: crm: ", "database dump failed: *: ",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"DB_NAMES": "* shop"}, "DB_NAMES: '*' stands alone"),
        ({"DB_NAMES": "shop*"}, "DB_NAMES: '*' stands alone"),
        ({"DB_NAMES": " , "}, "DB_NAMES: it names no database"),
        ({"DB_NAMES": "a\x1b"}, "DB_NAMES: it has control characters"),
        ({"DB_NAMES": "*", "DB_EXCLUDE": "\u0085"}, "DB_EXCLUDE: it has control characters"),
    ],
)
def test_names_that_make_no_sense_are_wrong_settings(
    work: Workplace, settings: dict[str, str], complaint: str
) -> None:
    assert work.dump(**settings).returncode == 2
    (message,) = work.messages()
    assert message.startswith(complaint)
    assert list(work.dumps.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_all_dumps_and_each_says_so(
    work: Workplace, databases: Callable[..., None], number: signal.Signals
) -> None:
    """The one under way, here one that waits for its turn, and those that would follow."""
    databases("a", "b", "c")
    (work.dumps / "b").mkdir()
    with open_own(work.dumps / "b/.database_dump_lock") as lock:
        flock(lock, LOCK_EX)
        process = work.start_dump(DB_NAMES="*")
        wait_for("the first is done", lambda: "database dump completed: a" in work.messages())
        process.send_signal(number)
        assert process.wait(timeout=60) == 1
    rest = [f"database dump failed: {name}: stopped by {number.name}" for name in "bc"]
    assert work.messages() == ["database dump completed: a", *rest]
    assert [path.name for path in work.dumps.rglob(".database_dump.*")] == []


@pytest.mark.parametrize(("names", "owed"), [("a b", ["a", "b"]), ("*", ["*"])])
def test_signal_that_comes_before_the_first_dump_lets_none_begin(
    work: Workplace, databases: Callable[..., None], tmp_path: Path, names: str, owed: list[str]
) -> None:
    """While the server is asked which there are; a dump may take hours."""
    databases("a", "b")
    asked = tmp_path / "asked"
    slow = f'touch {asked}; until [[ -e {tmp_path}/sent ]]; do sleep 0.1; done; exec "$real" "$@"'
    process = work.start_dump(
        DB_NAMES=names, DUMP_TRIES="2", PATH=stand_in(tmp_path / "bin", "mariadb", slow)
    )
    wait_for("the server is asked", asked.exists)
    process.send_signal(signal.SIGTERM)
    (tmp_path / "sent").touch()
    assert process.wait(timeout=60) == 1
    assert work.messages() == [f"database dump failed: {name}: stopped by SIGTERM" for name in owed]


def test_signal_that_comes_between_two_dumps_ends_the_next(
    work: Workplace, databases: Callable[..., None], tmp_path: Path
) -> None:
    databases("a", "b", "c")
    slow = (
        f"[[ $* != */b ]] || {{ touch {tmp_path}/between;"
        f' until [[ -e {tmp_path}/sent ]]; do sleep 0.1; done; }}; exec "$real" "$@"'
    )
    process = work.start_dump(DB_NAMES="*", PATH=stand_in(tmp_path / "bin", "mkdir", slow))
    wait_for("the folder of the second is made", (tmp_path / "between").exists)
    process.send_signal(signal.SIGTERM)
    (tmp_path / "sent").touch()
    assert process.wait(timeout=60) == 1
    rest = [f"database dump failed: {name}: stopped by SIGTERM" for name in "bc"]
    assert work.messages() == ["database dump completed: a", *rest]


def test_dump_that_is_killed_without_a_word_has_its_line(
    work: Workplace, databases: Callable[..., None]
) -> None:
    """By the system, for want of memory say; the next one goes on."""
    databases("a", "b")
    (work.dumps / "a").mkdir()
    with open_own(work.dumps / "a/.database_dump_lock") as lock:
        flock(lock, LOCK_EX)
        process = work.start_dump(DB_NAMES="*")
        (child,) = wait_for("the first has begun", lambda: dumps_below(process.pid))
        os.kill(child, signal.SIGKILL)
        assert process.wait(timeout=60) == 1
    assert work.messages() == [
        "database dump failed: a: stopped by SIGKILL",
        "database dump completed: b",
    ]


@pytest.fixture
def pauses(work: Workplace, tmp_path: Path) -> Path:
    """How long was slept, a line for each time; here no time passes."""
    pauses = tmp_path / "pauses"
    pauses.touch()
    work.settings["PATH"] = stand_in(tmp_path / "bin", "sleep", f'echo "$@" >>{pauses}')
    return pauses


def test_what_failed_is_tried_again_after_five_minutes(
    work: Workplace, many: Server, databases: Callable[..., None], pauses: Path
) -> None:
    """And nothing else is; each failure has its line."""
    databases("shop", BROKEN)
    many.query(f"CREATE EVENT {BROKEN}.e ON SCHEDULE EVERY 1 DAY DO SELECT ';;'")
    assert work.dump(DB_NAMES="*", DUMP_TRIES="3").returncode == 1
    messages = work.messages()
    assert messages.count("database dump completed: shop") == 1
    failures = [line for line in messages if line.startswith(f"database dump failed: {BROKEN}: ")]
    assert len(failures) == 3
    assert pauses.read_text() == "300\n300\n"


@pytest.mark.parametrize("settings", [{"DB_NAMES": "*"}, {"DB_NAMES": "shop"}, {"DB_NAME": "shop"}])
def test_server_that_is_down_is_tried_again(
    work: Workplace,
    databases: Callable[..., None],
    pauses: Path,
    settings: dict[str, str],
) -> None:
    """Here the client asks a port where nobody listens, until two pauses are over."""
    databases("shop")
    client = (
        f"(($(wc -l <{pauses}) >= 2)) || "
        'exec "$real" "$1" --port=1 --connect-timeout=1 --execute="SELECT 1"\n'
        'exec "$real" "$@"'
    )
    stand_in(pauses.parent / "bin", "mariadb", client)
    assert work.dump(DUMP_TRIES="3", **settings).returncode == 0, work.messages()
    ending = ": shop" if "DB_NAMES" in settings else ""
    first, second, last = work.messages()
    assert first.startswith("database dump failed: ")
    assert second == first
    assert last == f"database dump completed{ending}"


@pytest.mark.parametrize("tries", ["0", "x", "100", "-1"])
def test_tries_are_a_number(work: Workplace, tries: str) -> None:
    assert work.dump(DUMP_TRIES=tries).returncode == 2
    (message,) = work.messages()
    assert message == f"DUMP_TRIES: '{tries}' is not a number from 1 to 99"


def dumps_below(pid: int) -> list[int]:
    """The runs that the dump of several has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if is_one_of_several(Path("/proc", child))]


def is_one_of_several(process: Path) -> bool:
    try:
        return b"LOGGED_AS=" in process.joinpath("environ").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return False


def open_own(path: Path) -> TextIO:
    """A file that nobody else can open."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "w")
