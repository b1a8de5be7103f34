"""The real stack in Docker, as a user of a fresh clone meets it."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from datadump.load.survey import survey
from datadump.sql.reading import DumpFile
from support.compose import USER, Checkout, settings_of_the_example
from support.mariadb import CHARACTER_SETS, Server, contents
from support.waiting import wait_for

from .conftest import Stack

COMPLETED = "database dump completed"
UPLOADED = "file successfully uploaded"
IDLE = "there is no file to upload"
ZONE = ZoneInfo("America/Sao_Paulo")
TABLES = [
    "ADMINISTRATIVO",
    "ALUNO",
    "ALUNO_AULA_XREF",
    "AULA",
    "AVALIACAO",
    "AVALIACAO_INSCRICAO_XREF",
    "BAIRRO",
    "CEP",
    "CIDADE",
    "CURSO_GRADUACAO",
    "DEPARTAMENTO",
    "DISCIPLINA",
    "ENDERECO",
    "ESTADO",
    "FUNCIONARIO",
    "INSCRICAO",
    "LOGRADOURO",
    "PESSOA",
    "PROFESSOR",
    "SETOR",
    "STATUS_ALUNO",
    "STATUS_FUNCIONARIO",
    "TIPO_AVALIACAO",
    "TITULACAO",
    "TURMA",
    "TURNO",
]
ROWS = {
    "PESSOA": 1500,
    "ALUNO": 500,
    "PROFESSOR": 500,
    "ADMINISTRATIVO": 500,
    "ESTADO": 27,
    "CURSO_GRADUACAO": 24,
    "DEPARTAMENTO": 6,
    "DISCIPLINA": 288,
    "TURMA": 500,
    "AULA": 1500,
}


def today() -> str:
    return datetime.now(ZONE).strftime("%Y-%m-%d")


def test_quickstart_shows_the_log_and_the_object(stack: Stack) -> None:
    """Status 0, both lines of the log, the key in the bucket."""
    output = stack.quickstart.stdout
    assert stack.quickstart.returncode == 0, output + stack.quickstart.stderr
    day = today()
    assert re.search(rf"^{day},\d\d:\d\d:\d\d,{COMPLETED}$", output, re.MULTILINE)
    assert re.search(rf"^{day},\d\d:\d\d:\d\d,{UPLOADED}$", output, re.MULTILINE)
    assert re.search(rf"^{day}/datadump1\.sql .* FACULDADE ", output, re.MULTILINE)


def test_quickstart_is_safe_to_run_twice(stack: Stack) -> None:
    """What is there stays, and one more dump arrives."""
    stack.checkout.tick()
    before = stack.checkout.objects()
    again = stack.checkout.run("scripts/quickstart.sh")
    assert again.returncode == 0, again.stdout + again.stderr
    more = f"{today()}/datadump{len(before) + 1}.sql"
    assert stack.checkout.objects() == [*before, more]
    assert f"\n{more} " in again.stdout


def with_collation(found: dict[str, Any], sql: bytes) -> bytes:
    """The SQL, for a database with the collation of the one that was found."""
    ((charset, collation),) = found[f"{CHARACTER_SETS}the database"]
    return f"ALTER DATABASE CHARACTER SET {charset} COLLATE {collation};\n".encode() + sql


def comparable(found: dict[str, Any]) -> dict[str, Any]:
    """Servers of different versions give their sessions different collations."""
    return {name: value for name, value in found.items() if not name.startswith(CHARACTER_SETS)}


def test_object_holds_the_sample_database(clone: Checkout, empty_server: Server) -> None:
    """Loaded into an empty server: 26 tables with the rows of FACULDADE.sql, and the rest of it."""
    empty_server.load(clone.object(f"{today()}/datadump1.sql"), "restored")
    restored = contents(empty_server, "restored")
    source = clone.path / "db_data/FACULDADE.sql"
    empty_server.load(with_collation(restored, source.read_bytes()), "source")
    assert comparable(restored) == comparable(contents(empty_server, "source"))
    assert sorted(name.split()[-1] for name in restored if name.startswith("BASE ")) == TABLES
    assert {name: len(restored[f"rows of {name}"]) for name in ROWS} == ROWS
    kinds = {name.split()[0] for name in restored}
    assert {"VIEW", "TRIGGER", "FUNCTION", "EVENT"} <= kinds


def test_rows_of_a_table_are_not_one_transaction(clone: Checkout) -> None:
    """It would keep a core busy of the server that loads them; this client's default."""
    assert b"autocommit" not in clone.object(f"{today()}/datadump1.sql").lower()


def test_dump_has_an_outline(clone: Checkout, tmp_path: Path) -> None:
    """With this client too it is loaded over several connections."""
    path = tmp_path / "dump.sql"
    path.write_bytes(clone.object(f"{today()}/datadump1.sql"))
    assert survey(DumpFile(str(path))).outline is not None


def test_files_belong_to_the_person_who_cloned(clone: Checkout) -> None:
    """Folders that Docker made, logs, and a dump that waits; the dump is private."""
    taken = clone.count(COMPLETED)
    clone.compose("stop", "send-to-s3")
    try:
        clone.compose("run", "--rm", "dump")
        status = (clone.path / "dumps/datadump.sql").stat()
        assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (USER, 0o600)
        assert clone.count(COMPLETED) == taken + 1
    finally:
        clone.compose("start", "send-to-s3")
    for log in (clone.path / "logs").glob("*.txt"):
        assert (log.stat().st_uid, stat.S_IMODE(log.stat().st_mode)) == (USER, 0o644)
    assert (clone.path / "dumps").stat().st_uid == USER


def test_next_dump_is_the_next_object(clone: Checkout) -> None:
    """And then the ticks are idle again."""
    clone.tick()
    before = clone.objects()
    clone.compose("run", "--rm", "dump")
    clone.tick()
    assert clone.objects() == [*before, f"{today()}/datadump{len(before) + 1}.sql"]
    idle = clone.count(IDLE)
    clone.tick()
    assert clone.count(IDLE) == idle + 1
    assert clone.dumps() == []


def test_idle_tick_compiles_nothing(clone: Checkout) -> None:
    """Bytecode of the read-only scripts is kept in memory."""
    find = ("find", "/var/cache/python/scripts", "-name", "*.pyc", "-printf", "%f %T@\\n")
    before = clone.compose("exec", "-T", "send-to-s3", *find)
    assert "send.cpython-313.pyc" in before
    clone.tick()
    assert clone.compose("exec", "-T", "send-to-s3", *find) == before


def test_image_has_the_packages_of_the_lock_and_no_others(clone: Checkout) -> None:
    """What they were built and installed with stays behind."""
    pinned = (clone.path / "dockerfiles/python/requirements.txt").read_text()
    script = (
        "from importlib.metadata import distributions\n"
        "for found in distributions(): print(f'{found.name.lower()}=={found.version}')"
    )
    found = clone.compose("exec", "-T", "send-to-s3", "python3", "-c", script).split()
    assert sorted(found) == sorted(re.findall(r"^\S+==\S+", pinned, re.MULTILINE))


@pytest.mark.parametrize("service", ["dump", "send-to-s3"])
def test_containers_can_do_no_more_than_they_need(clone: Checkout, service: str) -> None:
    """Read-only, without capabilities but the named ones, without a way to gain any."""
    host = clone.container(service)["HostConfig"]
    needed = {"dump": ["CHOWN", "KILL", "SETGID", "SETUID"], "send-to-s3": ["SETGID", "SETUID"]}
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert (
        sorted(capability.removeprefix("CAP_") for capability in host["CapAdd"]) == needed[service]
    )
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["Init"] is True
    assert host["Memory"] == 512 * 1024**2


def test_store_is_reached_from_this_machine_only(clone: Checkout) -> None:
    """And nothing but its S3 port is."""
    host = clone.container("s3")["HostConfig"]
    assert host["PortBindings"] == {"8333/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8333"}]}
    host = clone.container("database")["HostConfig"]
    assert not host["PortBindings"]


def test_secrets_are_in_no_environment_and_no_argument(clone: Checkout) -> None:
    """Of our containers: they are files."""
    secrets = [
        *clone.credentials()[:2],
        (clone.path / "db_data/sample_password.txt").read_text().strip(),
    ]
    for service in ("dump", "send-to-s3", "database", "s3"):
        config = str(clone.container(service))
        assert [secret for secret in secrets if secret in config] == []


def test_changed_cadence_takes_effect_with_a_restart(clone: Checkout) -> None:
    """Edited in place or replaced by an editor, private too; no rebuild."""
    crontab = clone.path / "dockerfiles/python/crontab"
    original = crontab.read_text()
    now = datetime.now(ZONE)
    due = now.replace(second=0, microsecond=0) + timedelta(minutes=1 if now.second < 40 else 2)
    try:
        replaced = crontab.with_name("crontab.new")
        replaced.write_text(original.replace("* * * * *", f"{due.minute} {due.hour} * * *", 1))
        replaced.chmod(0o600)
        clone.run("chown", f"{USER}:{USER}", str(replaced))
        replaced.rename(crontab)
        clone.compose("restart", "--timeout", "5", "send-to-s3")
        before = clone.count(IDLE)
        clone.wait_for_message(IDLE, before, seconds=200)
    finally:
        crontab.write_text(original)
        clone.compose("restart", "--timeout", "5", "send-to-s3")
    assert clone.log_lines()[-1].startswith(due.strftime("%Y-%m-%d,%H:%M:"))


def test_settings_of_env_take_effect(clone: Checkout, empty_server: Server) -> None:
    """Compression, prefix, zone, and a password file that only its owner can read."""
    password = clone.path / "private_password.txt"
    password.write_text((clone.path / "db_data/sample_password.txt").read_text())
    credentials = clone.path / "private_credentials.txt"
    credentials.write_text("\n".join(clone.credentials()))
    for file in (password, credentials):
        file.chmod(0o600)
        clone.run("chown", f"{USER}:{USER}", str(file))
    clone.write_settings(
        DUMP_COMPRESSION="zstd", S3_PREFIX="hosts/one", TZ="Asia/Tokyo",
        DB_PASSWORD_FILE="./private_password.txt", CREDENTIALS_FILE="./private_credentials.txt",
    )  # fmt: skip
    clone.compose("up", "--detach", "--no-deps", "send-to-s3")
    clone.compose("run", "--rm", "dump")
    clone.tick()
    day = datetime.now(ZoneInfo("Asia/Tokyo")).strftime("%Y-%m-%d")
    key = f"hosts/one/{day}/datadump1.sql.zst"
    (clone.path / "dump.zst").write_bytes(clone.object(key))
    clone.run("zstd", "-dq", "dump.zst")
    empty_server.load((clone.path / "dump").read_bytes(), "restored")
    assert len(contents(empty_server, "restored")["rows of PESSOA"]) == 1500


def test_sample_is_made_with_the_account_that_env_names(clone: Checkout) -> None:
    """On its first start; with a password file that only its owner can read."""
    password = clone.path / "own_password.txt"
    password.write_text("own'pass\\word\n")
    password.chmod(0o600)
    clone.run("chown", f"{USER}:{USER}", str(password))
    account = {"DB_USER": "some'body", "DB_PASSWORD_FILE": "./own_password.txt"}
    completed = clone.count(COMPLETED)
    try:
        clone.compose("--project-name", "own", "run", "--rm", "dump", **account)
    finally:
        clone.compose("--project-name", "own", "down", "--volumes", "--timeout", "5", **account)
    assert clone.count(COMPLETED) == completed + 1


def test_store_and_database_start_only_where_no_other_is_set(clone: Checkout) -> None:
    """Each by its own setting; an empty endpoint is AWS."""

    def services(**settings: str) -> set[str]:
        clone.write_settings(**settings)
        return set(clone.compose("config", "--services").split())

    ours = {"dump", "send-to-s3", "watch", "status"}
    assert services() == ours | {"database", "s3"}
    assert services(AWS_ENDPOINT_URL_S3="") == ours | {"database"}
    assert services(AWS_ENDPOINT_URL_S3="https://s3.example.com") == ours | {"database"}
    assert services(DB_HOST="db.example.com") == ours | {"s3"}
    assert services(DB_HOST="db.example.com", AWS_ENDPOINT_URL_S3="") == ours


OF_THE_STORE = {
    "TZ", "DB_NAME", "DB_NAMES", "S3_BUCKET", "S3_PREFIX", "S3_ADDRESSING_STYLE",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL_S3", "AWS_REQUEST_CHECKSUM_CALCULATION", "AWS_RESPONSE_CHECKSUM_VALIDATION",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
    "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY",
}  # fmt: skip
# What reaches the containers as a variable of that name; the other settings are paths of the host.
OF_THE_DUMP = {
    "TZ", "DB_HOST", "DB_PORT", "DB_USER", "DB_NAME", "DB_NAMES", "DB_EXCLUDE", "DB_TLS",
    "DB_SILENCE_LIMIT", "KEEP_WAITING", "DUMP_COMPRESSION",
}  # fmt: skip
OF_THE_WATCH = OF_THE_STORE | {"DB_EXCLUDE", "BACKUP_MAX_AGE", "PROOF_MAX_AGE", "UPLOAD_MAX_AGE"}
KEEP = {
    "KEEP_LAST", "KEEP_DAILY", "KEEP_WEEKLY", "KEEP_MONTHLY", "KEEP_YEARLY", "KEEP_LOGS_DAYS",
}  # fmt: skip
OF_THE_LOCK = {"S3_OBJECT_LOCK", "S3_OBJECT_LOCK_DAYS"}
OF_THE_OBJECTS = OF_THE_LOCK | {"S3_STORAGE_CLASS", "S3_SSE", "S3_SSE_KMS_KEY_ID"}
OF_THE_MIRROR = {"MIRROR_ENDPOINT_URL_S3", "MIRROR_REGION"}
VARIABLES = {
    "dump": OF_THE_DUMP,
    "dump-schedule": OF_THE_DUMP | {"DUMP_TRIES"},
    "send-to-s3": OF_THE_STORE | OF_THE_OBJECTS,
    "restore": OF_THE_STORE | OF_THE_MIRROR
    | {"DB_HOST", "DB_PORT", "DB_TLS", "RESTORE_USER", "LOOK_USER"},
    "restore-drill": OF_THE_STORE,
    "drill-schedule": OF_THE_STORE,
    "watch": OF_THE_WATCH | OF_THE_MIRROR,
    "prune": OF_THE_WATCH | KEEP,
    "prune-schedule": OF_THE_WATCH | KEEP,
    "mirror": OF_THE_STORE | OF_THE_MIRROR | OF_THE_LOCK,
    "mirror-schedule": OF_THE_STORE | OF_THE_MIRROR | OF_THE_LOCK,
}  # fmt: skip
SECRETS = {
    "DB_PASSWORD_FILE": "db_password",
    "RESTORE_PASSWORD_FILE": "restore_password",
    "LOOK_PASSWORD_FILE": "look_password",
    "DB_TLS_CA": "db_tls_ca",
    "CREDENTIALS_FILE": "credentials",
    "S3_CA_FILE": "s3_ca",
    "HEARTBEAT_URL_FILE": "heartbeat_url",
    "ALERT_URLS_FILE": "alert_urls",
    "PRUNE_CREDENTIALS_FILE": "prune_credentials",
    "MIRROR_CREDENTIALS_FILE": "mirror_credentials",
    "AGE_RECIPIENTS_FILE": "age_recipients",
    "AGE_IDENTITY_FILE": "age_identity",
}
FOLDERS = {"DUMPS_DIR": "/dumps", "LOGS_DIR": "/logs", "SCRATCH_DIR": "/scratch"}
OF_COMPOSE = {"COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME", "S3_PORT", "STATUS_PORT"}


def test_every_setting_of_env_reaches_its_service(clone: Checkout) -> None:
    """As a variable, a mounted folder, or a secret's file."""
    names = set(settings_of_the_example()) - OF_COMPOSE
    assert names == set.union(*VARIABLES.values()) | SECRETS.keys() | FOLDERS.keys()
    clone.write_settings(**{name: f"/marked/{name}" for name in names})
    config = json.loads(clone.compose("--profile", "*", "config", "--format", "json"))
    for service, variables in VARIABLES.items():
        environment = config["services"][service]["environment"]
        assert {
            name: (environment.get(name) or "").removeprefix("s3,database,169.254.169.254,")
            for name in variables
        } == {name: f"/marked/{name}" for name in variables}
        mounts = {m["target"]: m["source"] for m in config["services"][service]["volumes"]}
        of_all = {name: mounts.get(target) for name, target in FOLDERS.items()}
        assert of_all["LOGS_DIR"] == "/marked/LOGS_DIR"
        has_scratch = service in {"restore", "restore-drill", "drill-schedule"}
        has_dumps = not has_scratch and service not in {"mirror", "mirror-schedule"}
        assert of_all["DUMPS_DIR"] == ("/marked/DUMPS_DIR" if has_dumps else None)
        assert of_all["SCRATCH_DIR"] == ("/marked/SCRATCH_DIR" if has_scratch else None)
    files = {name: config["secrets"][secret]["file"] for name, secret in SECRETS.items()}
    assert files == {name: f"/marked/{name}" for name in SECRETS}
    assert config["services"]["dump"]["environment"]["DB_TLS_CA"] == "/run/secrets/db_tls_ca"
    restore = config["services"]["restore"]["environment"]
    assert restore["LOOK_PASSWORD_FILE"] == "/run/secrets/look_password"
    assert restore["AGE_IDENTITY_FILE"] == "/run/secrets/age_identity"
    assert restore["MIRROR_CREDENTIALS_FILE"] == "/run/secrets/mirror_credentials"


@pytest.mark.parametrize("problem", ["missing", "empty", "folder"])
def test_unusable_credentials_change_nothing(clone: Checkout, problem: str) -> None:
    """One line says so. For a missing file it's compose's own, which starts nothing."""
    path = clone.path / f"{problem}_credentials.txt"
    if problem == "empty":
        path.touch()
    elif problem == "folder":
        path.mkdir()
    clone.tick()
    clone.compose("stop", "send-to-s3")
    try:
        clone.compose("run", "--rm", "dump")
        waiting = (clone.path / "dumps/datadump.sql").read_bytes()
        result = clone.run(
            "docker", "compose", "run", "--rm", "--no-deps", "-T", "send-to-s3", "python3",
            "/scripts/send-to-s3.py", CREDENTIALS_FILE=f"./{path.name}",
        )  # fmt: skip
        assert (clone.path / "dumps/datadump.sql").read_bytes() == waiting
        assert len(clone.dumps()) == 1
    finally:
        clone.compose("start", "send-to-s3")
    if problem == "missing":
        assert result.returncode != 0
        assert path.name in result.stderr
        assert not path.exists()
    else:
        assert result.returncode == 2
        assert (
            len([line for line in result.stderr.splitlines() if ",CREDENTIALS_FILE: " in line]) == 1
        )


def test_connection_is_encrypted_and_checked_by_default(clone: Checkout) -> None:
    """DB_TLS=auto, with an account that may not come in the clear; off is refused."""
    password = (clone.path / "db_data/sample_password.txt").read_text().strip()
    root = (clone.path / "db_data/sample_root_password.txt").read_text().strip()
    clone.compose(
        "exec", "-T", "database", "mariadb", "-uroot", f"-p{root}", "-e",
        f"CREATE OR REPLACE USER tls@'%' IDENTIFIED BY '{password}' REQUIRE SSL; "
        "GRANT ALL ON FACULDADE.* TO tls@'%'",
    )  # fmt: skip
    clone.compose("run", "--rm", "dump", DB_USER="tls")
    refused = clone.run(
        "docker", "compose", "run", "--rm", "-T", "dump", DB_USER="tls", DB_TLS="off"
    )
    assert refused.returncode == 1
    assert "database dump failed: ERROR 1045" in refused.stdout


def test_each_right_that_is_missing_fails_the_dump(clone: Checkout) -> None:
    """On 11.8, where SHOW CREATE ROUTINE is one of them."""
    password = (clone.path / "db_data/sample_password.txt").read_text().strip()
    root = (clone.path / "db_data/sample_root_password.txt").read_text().strip()
    rights = ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT", "SHOW CREATE ROUTINE"]
    for missing in rights:
        granted = ", ".join(right for right in rights if right != missing)
        clone.compose(
            "exec", "-T", "database", "mariadb", "-uroot", f"-p{root}", "-e",
            f"CREATE OR REPLACE USER few@'%' IDENTIFIED BY '{password}'; "
            f"GRANT {granted} ON FACULDADE.* TO few@'%'",
        )  # fmt: skip
        result = clone.run("docker", "compose", "run", "--rm", "-T", "dump", DB_USER="few")
        assert result.returncode == 1
        assert f"it lacks {missing} on FACULDADE" in result.stdout


def test_folder_that_compose_makes_is_the_persons(clone: Checkout) -> None:
    """Also a logs folder, and although the uploader starts beside the dump."""
    clone.compose("down", "--timeout", "5")
    folders = {"DUMPS_DIR": "./new-dumps", "LOGS_DIR": "./new-logs"}
    clone.write_settings(**folders)
    clone.compose("up", "--detach")
    logs = clone.path / "new-logs"
    wait_for("a line in the log", lambda: logs.is_dir() and any(logs.iterdir()))
    for folder in (logs, *logs.iterdir(), clone.path / "new-dumps"):
        assert folder.stat().st_uid == USER
    clone.compose("down", "--timeout", "5")
    clone.write_settings()
    clone.compose("up", "--detach")


def test_folder_that_cannot_be_written_is_one_clear_error(clone: Checkout) -> None:
    """The dump says whose it has to be; status 2."""
    folder = clone.path / "read-only"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"ro,uid={USER}", "tmpfs", folder], check=True)
    try:
        result = clone.run("docker", "compose", "run", "--rm", "-T", "dump", DUMPS_DIR=str(folder))
    finally:
        subprocess.run(["umount", folder], check=True)
    assert result.returncode == 2
    lines = [line for line in result.stderr.splitlines() if ",DUMPS_DIR: " in line]
    assert len(lines) == 1
    assert f"'/dumps' can't be written by user id {USER}" in lines[0]


@contextmanager
def held_table(clone: Checkout) -> Iterator[Callable[[str], str]]:
    """A lock in the middle of the sample, on which every dump waits; asks that server as root."""
    root = (clone.path / "db_data/sample_root_password.txt").read_text().strip()
    client = (
        "exec", "-T", "-e", f"MYSQL_PWD={root}", "database",
        "mariadb", "--user=root", "--unbuffered", "--skip-column-names", "FACULDADE",
    )  # fmt: skip
    with subprocess.Popen(
        ["docker", "compose", *client], cwd=clone.path, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as session:  # fmt: skip
        assert session.stdin is not None
        assert session.stdout is not None
        session.stdin.write("LOCK TABLES PESSOA WRITE; SELECT 'held';\n")
        session.stdin.flush()
        assert session.stdout.readline() == "held\n"
        yield lambda sql: clone.compose(*client, f"--execute={sql}")


def test_stop_ends_everything_at_once(clone: Checkout) -> None:
    """Well within the stop period, also a dump that waits for its server."""
    stopped = "database dump failed: stopped by SIGTERM"
    before = clone.count(stopped)
    with held_table(clone) as ask:
        clone.compose("start", "dump")
        states = "SELECT STATE FROM information_schema.PROCESSLIST WHERE USER = 'backup'"
        wait_for("the dump is under way", lambda: "metadata lock" in ask(states))
        started = time.monotonic()
        clone.compose("stop", "dump", "send-to-s3")
        assert time.monotonic() - started < 5
    assert clone.count(stopped) == before + 1
    assert list((clone.path / "dumps").glob(".database_dump.*")) == []
    clone.compose("start", "send-to-s3")


def test_objects_survive_down_and_up(clone: Checkout) -> None:
    """The store's data is in a volume."""
    before = clone.objects()
    clone.compose("down", "--timeout", "5")
    clone.compose("up", "--detach")
    wait_for(
        "the store answers",
        lambda: clone.container("s3")["State"]["Health"]["Status"] == "healthy",
    )
    assert clone.objects()[: len(before)] == before
