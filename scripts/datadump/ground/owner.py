"""Whose files these are.

A container's root without the capability DAC_OVERRIDE can neither write into somebody's folder nor
read somebody's private file, but with SETUID and SETGID it can be that somebody. Outside of
containers the same keeps root from leaving files behind that the folder's owner can't touch.
"""

from __future__ import annotations

import os
import stat


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


def open_own(path: str) -> int:
    """The descriptor of this user's own file, made if need be, with mode 0600.

    Raises OSError, which says so where what has the name is a link, somebody else's, or no file.
    """
    own = f"it has to be a file of user id {os.geteuid()}'s own: remove what is there"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if os.path.lexists(path):
            raise OSError(f"{path}: {error.strerror}: {own}") from error
        raise
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid() or not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(f"{path}: {stat.filemode(status.st_mode)} of {status.st_uid}: {own}")
    return descriptor
