"""What a person wants to keep."""

from __future__ import annotations

from collections.abc import Mapping

from datadump.settings.environment import SettingsError

RULES = ("KEEP_LAST", "KEEP_DAILY", "KEEP_WEEKLY", "KEEP_MONTHLY", "KEEP_YEARLY")
MOST = 99_999


def read_rules(environment: Mapping[str, str]) -> dict[str, int]:
    """So many are kept by each rule that is set; raises SettingsError, also where that is none."""
    rules = {name: number_of(name, environment[name]) for name in RULES if environment.get(name)}
    if not any(rules.values()):
        raise SettingsError(
            f"none of {', '.join(RULES)} says what to keep: KEEP_DAILY=7, for one, keeps the last "
            "backup of each of the seven newest days"
        )
    return rules


def read_log_days(environment: Mapping[str, str]) -> int | None:
    """For so many days daily logs are kept; None: for ever. Raises SettingsError."""
    text = environment.get("KEEP_LOGS_DAYS")
    return number_of("KEEP_LOGS_DAYS", text) if text else None


def number_of(name: str, text: str) -> int:
    """Raises SettingsError for what is no number from 0 on."""
    if not (text.isascii() and text.isdigit() and int(text) <= MOST):
        raise SettingsError(f"{name}: {text!r} is not a number such as 7")
    return int(text)
