"""What a person wants to be told of: ages, and databases that nobody needs to watch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from datadump.settings.environment import check_folder, check_plain_text, duration

MEANS_MORE = " ,*:%"  # in a name that DB_EXCLUDE has


class Wanted(NamedTuple):
    """Ages in seconds, and which databases are left out."""

    backup_age: int  # of the newest backup, at most
    proof_age: int | None  # of the newest proof, at most; None: it isn't checked
    upload_age: int  # of a dump that waits, at most
    named: list[str]  # databases that have to be there
    excluded: list[re.Pattern[str]]

    def is_excluded(self, database: str) -> bool:
        """Whether DB_EXCLUDE names it, and DB_NAMES doesn't."""
        return database not in self.named and any(
            pattern.fullmatch(database) for pattern in self.excluded
        )


def read_wanted(environment: Mapping[str, str]) -> Wanted:
    """What the settings say; raises SettingsError. A variable that is empty counts as unset."""

    def age(name: str, default: str) -> int:
        return duration(name, environment.get(name) or default)

    named = words(check_plain_text("DB_NAMES", environment.get("DB_NAMES") or ""))
    excluded = words(check_plain_text("DB_EXCLUDE", environment.get("DB_EXCLUDE") or ""))
    return Wanted(
        backup_age=age("BACKUP_MAX_AGE", "26h"),
        proof_age=age("PROOF_MAX_AGE", "") if environment.get("PROOF_MAX_AGE") else None,
        upload_age=age("UPLOAD_MAX_AGE", "1h"),
        named=[] if named == ["*"] else named,
        excluded=[as_pattern(word) for word in excluded],
    )


def words(text: str) -> list[str]:
    """Names apart by blanks or commas, each once; ``words_of`` of dump/pipelines.sh is the rule."""
    return list(dict.fromkeys(text.replace(",", " ").split()))


def as_word(name: str) -> str:
    """The name as one word of DB_EXCLUDE, which means it alone: all else is percent-encoded."""
    return "".join(
        c if c.isprintable() and c not in MEANS_MORE else quote(c, safe="", errors="surrogatepass")
        for c in name
    )


def as_pattern(word: str) -> re.Pattern[str]:
    """A name in which * is any text."""
    return re.compile(".*".join(map(re.escape, word.split("*"))), re.DOTALL)


def read_status_folder(environment: Mapping[str, str]) -> str | None:
    """The folder that the page is written to; None where there is none to write to.

    Raises SettingsError where one is set and absent.
    """
    folder = environment.get("STATUS_DIR")
    if folder:
        check_folder("STATUS_DIR", folder)
    return folder


def read_memory_folder(environment: Mapping[str, str]) -> str:
    """The folder in which the watch keeps what it told; raises SettingsError where it is absent."""
    folder = environment.get("WATCH_DIR") or "/watch"
    check_folder("WATCH_DIR", folder)
    return folder
