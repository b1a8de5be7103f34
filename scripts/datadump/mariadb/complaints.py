"""Errors of the server and its clients, told without the values of rows."""

from __future__ import annotations

import re
from collections.abc import Mapping

import MySQLdb

# Errors that quote names of objects, accounts, hosts and files, but no value of a row.
ABOUT_NAMES = {
    *(1, 2, 3, 29, 1004, 1016, 1017, 1025, 1026, 1813),  # files
    *(1006, 1007, 1008, 1009, 1010, 1049, 1050, 1051, 1109, 1146, 1347, 1356, 1359, 1537, 1539),
    *(1048, 1054, 1060, 1061, 1072, 1091, 1264, 1265, 1364, 1406),  # columns
    *(1044, 1045, 1129, 1130, 1133, 1141, 1142, 1143, 1226, 1370, 1396, 1449, 1698),  # accounts
    *(1114, 1115, 1153, 1193, 1273, 1286, 1524, 4091),  # what the server has, or hasn't
    *range(2000, 2027), *(2059, 5010),  # the connection
}  # fmt: skip
OF_THE_CONNECTION = {*range(2000, 3000), *range(5000, 6000)}  # the library's own numbers
# By SIGNAL, whose text is what somebody's program made of it; and one whose value has no quotes.
OF_DATA_ALONE = {1642, 1643, 1644, 1526}
TOLD_BY_MARIADB = re.compile(r"^ERROR (\d+) \(\w+\)(?: at line \d+)?: ", re.MULTILINE)
TOLD_BY_MARIADB_DUMP = re.compile(r"Got error: (\d+):|Error (\d+):|\((\d+)\)\s*\Z")
QUOTED = re.compile(r"'.*'|'.*", re.DOTALL)
LEFT_OUT = "…"
NO_REMEDIES: Mapping[int, str] = {}


class ServerError(Exception):
    """The server or one of the clients refused something; the text is its own, without data.

    It ends in logs and in the bucket, where rows have no business. ``number`` is the error's, where
    a statement or a connection was refused, and 0 where a client said something else.
    """

    def __init__(self, text: str, number: int = 0) -> None:
        super().__init__(text)
        self.number = number

    @property
    def is_of_the_connection(self) -> bool:
        """Whether it says nothing about a statement: there is no connection, or none any more."""
        return self.number in OF_THE_CONNECTION


def complaint_of(said: str) -> str:
    """What a client said last, without data; mariadb shows the statement first, and that goes, too.

    Where there seem to be several errors, some may be in the statement or in a text of a row, made
    up to be shown. So nothing is, but numbers.
    """
    if told := list(TOLD_BY_MARIADB.finditer(said)):
        last = told[-1]
        told_once = len(told) == 1
        return last[0] + (without_data(int(last[1]), said[last.end() :]) if told_once else LEFT_OUT)
    if found := TOLD_BY_MARIADB_DUMP.search(said):
        return without_data(int(found[found.lastindex or 0]), said)
    return said  # by the client alone: no server has told it that


def refusal(error: MySQLdb.Error, remedies: Mapping[int, str] = NO_REMEDIES) -> ServerError:
    """An error of MySQLdb's, told as mariadb tells one, and after it the remedy for its number."""
    *number, text = error.args
    if not number:
        return ServerError(text)
    said = f"ERROR {number[0]}: {without_data(number[0], text)}"
    remedy = remedies.get(number[0])
    return ServerError(f"{said} {remedy}" if remedy else said, number[0])


def without_data(number: int, text: str) -> str:
    """The text of an error, or what of it holds for any row: values stand in quotes."""
    if number in ABOUT_NAMES:
        return text
    return LEFT_OUT if number in OF_DATA_ALONE else QUOTED.sub(f"'{LEFT_OUT}'", text)
