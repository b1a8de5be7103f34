"""Whose files these are.

A container's root without the capability DAC_OVERRIDE can neither write into somebody's folder nor
read somebody's private file, but with SETUID and SETGID it can be that somebody. Outside of
containers the same keeps root from leaving files behind that the folder's owner can't touch.
"""

import os


def become_owner_of(folder: str) -> None:
    """Where root runs this: give root up for good, in favour of the folder's owner.

    Raises OSError.
    """
    status = os.stat(folder)
    if os.geteuid() == 0 and status.st_uid != 0:
        os.setgroups([])
        os.setgid(status.st_gid)
        os.setuid(status.st_uid)


def read_as_owner(path: str) -> bytes:
    """The file's bytes, read as the user it belongs to where root runs this. Raises OSError."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(os.stat(path).st_uid)
    try:
        with open(path, "rb") as file:
            return file.read()
    finally:
        os.seteuid(user)
