"""The pods of the example, run by podman: its settings are the test's, all else is as rendered."""

from __future__ import annotations

import hashlib
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.compose import ask
from support.manifests import containers_of, job_or_deployment, rendered, template_of
from support.podman import Place
from support.programs import today
from support.waiting import wait_for

TABLES = 26
UPLOAD = "db7-dump-pod-upload"
COMPLETED = "database dump completed: FACULDADE"
UPLOADED = "file successfully uploaded: FACULDADE"
STOPPED = 143  # by SIGTERM, as a shell says it
NOWHERE = "http://127.0.0.1:9"


def back_up(place: Place) -> str:
    """A night's key; its pod is gone."""
    before = place.backups()
    place.play("dump")
    assert place.podman.status(UPLOAD) == 0
    place.podman.clear()
    (key,) = set(place.backups()) - set(before)
    return key


def wait_for_failed_upload(place: Place, endpoint: str) -> None:
    """Until the next one is waited for."""
    wait_for("a failure", lambda: endpoint in place.podman.log(UPLOAD), 120, 0.5)
    wait_for("a pause", lambda: "sleep" in place.podman.run("top", UPLOAD, "comm"), 30, 0.5)


def restore(place: Place, *words: str) -> str:
    """As a person runs it in the pod."""
    command = ("python3", "/scripts/restore-from-s3.py", *words)
    return place.podman.run("exec", "db7-restore-pod-restore", *command)


def sums(place: Place, database: str) -> str:
    """Of the rows of each table there, by the server."""
    tables = ask(
        place.checkout,
        "SELECT TABLE_NAME FROM information_schema.TABLES "
        f"WHERE TABLE_SCHEMA = '{database}' AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1",
    ).split()
    assert len(tables) == TABLES
    names = ", ".join(f"{database}.{table}" for table in tables)
    return ask(place.checkout, f"CHECKSUM TABLE {names} EXTENDED").replace(f"{database}.", "")


def test_night_brings_the_database_into_the_bucket_and_the_restore_brings_it_back(
    place: Place,
) -> None:
    """With the rows that it had."""
    key = back_up(place)
    assert re.fullmatch(rf"db7/FACULDADE/{today()}/datadump\d+\.sql\.zst", key)
    bucket = place.checkout.credentials()[2]
    metadata = place.checkout.store().head_object(Bucket=bucket, Key=key)["Metadata"]
    assert metadata["sha256"] == hashlib.sha256(place.checkout.object(key)).hexdigest()
    place.play("restore")
    assert key in restore(place, "--list")
    into = "FACULDADE_look"
    try:
        restore(place, "latest", "--database", "FACULDADE", "--into", into)
        assert sums(place, into) == sums(place, "FACULDADE")
    finally:
        ask(place.checkout, f"DROP DATABASE IF EXISTS {into}")


def test_restore_is_undone_from_another_pod(place: Place) -> None:
    """With the event, which is disabled beside: its text lies in a volume that outlives a pod."""
    back_up(place)
    ask(place.checkout, "CREATE EVENT FACULDADE.yearly ON SCHEDULE EVERY 1 YEAR DO SET @x = 1")
    status = (
        "SELECT STATUS FROM information_schema.EVENTS "
        "WHERE EVENT_SCHEMA = 'FACULDADE' AND EVENT_NAME = 'yearly'"
    )
    place.play("restore")
    restore(place, "latest", "--database", "FACULDADE", "--overwrite")
    assert ask(place.checkout, status) == ""
    place.podman.remove_pods()
    place.play("restore")
    restore(place, "--undo", "--database", "FACULDADE")
    assert ask(place.checkout, status) == "ENABLED\n"
    ask(place.checkout, "DROP EVENT FACULDADE.yearly")


def test_failed_upload_is_tried_again_in_the_same_pod(place: Place) -> None:
    """Until the store is back; the dump is taken once."""
    before, settings = place.backups(), place.settings()
    try:
        place.checkout.compose("stop", "--timeout", "5", "s3")
        place.play("dump", **settings)
        wait_for_failed_upload(place, settings["AWS_ENDPOINT_URL_S3"])
    finally:
        place.checkout.compose("up", "--detach", "--wait", "s3")
    assert place.settings() == settings  # the store is where it was
    assert place.podman.status(UPLOAD) == 0
    assert place.podman.container(UPLOAD)["RestartCount"] == 0
    log = place.podman.daily_log()
    assert [log.count(COMPLETED), log.count(UPLOADED)] == [1, 1]
    assert len(place.backups()) == len(before) + 1


def test_database_that_fails_keeps_no_other_and_is_the_failure_of_the_job(place: Place) -> None:
    """By the status that lets no other pod begin anew."""
    before = place.backups()
    place.play("dump", DB_NAMES="FACULDADE crm")
    assert place.podman.status(UPLOAD) == 1
    (key,) = set(place.backups()) - set(before)
    assert key.startswith("db7/FACULDADE/")
    assert "database dump failed: crm" in place.podman.daily_log()


def stop(place: Place, container: str) -> None:
    """It ends at once, and is not taken for one whose dump failed, with status 1."""
    began = time.monotonic()
    place.podman.run("stop", "--time=30", container)
    assert time.monotonic() - began < 10
    assert place.podman.status(container) == STOPPED


def test_stop_ends_an_upload_at_once(place: Place) -> None:
    """Here one that waits for the next minute."""
    place.play("dump", AWS_ENDPOINT_URL_S3=NOWHERE)
    wait_for_failed_upload(place, NOWHERE)
    stop(place, UPLOAD)


def test_stop_ends_a_dump_at_once(place: Place) -> None:
    """Here one that waits for the next try; nothing is uploaded after it."""
    dump, names = "db7-dump-pod-dump", ("ps", "--format={{.Names}}")
    with ThreadPoolExecutor() as pool:
        played = pool.submit(place.play, "dump", DB_HOST="127.0.0.1", DUMP_TRIES="2")
        wait_for("a dump", lambda: dump in place.podman.run(*names), 60, 0.5)
        wait_for("a pause", lambda: "sleep" in place.podman.run("top", dump, "comm"), 60, 0.5)
        stop(place, dump)
        assert "exited with code 143" in str(played.exception(30))
    assert place.podman.container(UPLOAD)["State"]["Status"] == "created"


def test_drill_proves_the_backup(place: Place) -> None:
    """By a proof in the bucket."""
    key = back_up(place)
    place.play("drill")
    assert place.podman.status("db7-drill-pod-drill") == 0
    proof = json.loads(place.checkout.object(re.sub(r"(?=\d{4}-)(.+)", r"proofs/\1.json", key)))
    assert proof["verified"] is True


@pytest.mark.parametrize(("rule", "status"), [("", 2), ("1", 0)])
def test_prune_removes_what_no_rule_keeps(place: Place, rule: str, status: int) -> None:
    """And nothing where none is set."""
    key = back_up(place)
    old = re.sub(r"\d{4}-\d\d-\d\d", "2020-01-01", key)
    store, bucket = place.checkout.store(), place.checkout.credentials()[2]
    head = store.head_object(Bucket=bucket, Key=key)["Metadata"]
    store.copy_object(
        Bucket=bucket, Key=old, CopySource={"Bucket": bucket, "Key": key},
        Metadata={**head, "dumped-at": "2020-01-01T03:00:00+00:00"}, MetadataDirective="REPLACE",
    )  # fmt: skip
    place.play("prune", KEEP_LAST=rule)
    assert place.podman.status("db7-prune-pod-prune") == status
    assert (old in place.backups()) == (status == 2)
    assert key in place.backups()


def test_pods_have_the_rights_and_the_memory_that_the_manifest_gives_them(place: Place) -> None:
    """As the kernel sees it: or what runs here would prove nothing of a restricted pod."""
    place.play("restore")
    status = place.podman.run("exec", "db7-restore-pod-restore", "cat", "/proc/self/status")
    found = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert set(found["Uid"].split()) == set(found["Gid"].split()) == {"10001"}
    assert int(found["CapBnd"], 16) == int(found["CapEff"], 16) == 0
    assert (found["NoNewPrivs"], found["Seccomp"]) == ("1", "2")
    host = place.podman.container("db7-restore-pod-restore")["HostConfig"]
    assert (host["ReadonlyRootfs"], host["Memory"]) == (True, 2 * 1024**3)


def test_page_shows_what_the_bucket_has_of_this_server(place: Place) -> None:
    """After the watch's first look; until then it isn't there, and so nobody is sent to it."""
    key = back_up(place)
    place.checkout.store().put_object(
        Bucket=place.checkout.credentials()[2], Key="db8/wiki/2020-01-01/datadump1.sql", Body=b"-"
    )
    place.play("status")
    found = json.loads(place.podman.fetched("db7-status-pod", 8080, "status.json"))
    newest = {one["database"]: one["backup"]["key"] for one in found["databases"]}
    assert newest == {"db7/FACULDADE": key}
    assert "db7/FACULDADE" in place.podman.fetched("db7-status-pod", 8080, "")
    (watch, _) = containers_of(template_of(job_or_deployment(rendered(), "db7-status"))["spec"])
    probe = watch["livenessProbe"]["exec"]["command"]
    place.podman.run("exec", "db7-status-pod-watch", *probe)
    place.podman.run("exec", "db7-status-pod-watch", "touch", "--date=-1 hour", "/watch/health")
    with pytest.raises(AssertionError):
        place.podman.run("exec", "db7-status-pod-watch", *probe)
