"""Whose files these are.

A container's root without the capability DAC_OVERRIDE can neither write into somebody's folder nor
read somebody's private file, but with SETUID and SETGID it can be that somebody. Outside of
containers the same keeps root from leaving files behind that the folder's owner can't touch.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager


def become_owner_of(folder: str, needed: str) -> None:
    """Where root runs this: give root up for good, in favour of the folder's owner.

    Raises OSError, and root is still root, where that isn't allowed, or where the owner can't read
    the file ``needed``.
    """
    status = os.stat(folder)
    user, group = status.st_uid, status.st_gid
    if os.geteuid() != 0 or user == 0:
        return
    try:
        os.setgroups([])
        os.setegid(group)
        os.seteuid(user)
        readable = os.access(needed, os.R_OK, effective_ids=True)
        os.seteuid(0)
        os.setegid(0)
        if readable:
            os.setgid(group)
            os.setuid(user)
            return
    except OSError as error:
        raise OSError(
            f"{folder} is user id {user}'s, as whom root may not work here ({error.strerror}): "
            f"give it the capabilities SETUID and SETGID, or chown 0 {folder}"
        ) from error
    raise OSError(
        f"{needed} can't be read by user id {user}, whose {folder} is and as whom root works "
        f"there: let that user read it, or chown 0 {folder}"
    )


def read_as_owner(path: str) -> bytes:
    """The file's bytes, read as the user it belongs to where root runs this. Raises OSError."""
    with as_owner_of(path), open(path, "rb") as file:
        return file.read()


@contextmanager
def as_owner_of(path: str) -> Iterator[None]:
    """Be the user that the path belongs to for a while, where root runs this. Raises OSError."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(os.stat(path).st_uid)
    try:
        yield
    finally:
        os.seteuid(user)


def open_own(path: str) -> int:
    """The descriptor of this user's own file, made if need be, with mode 0600.

    Raises OSError, which says so where what has the name is a link, somebody else's, no file, or
    has another name as well.
    """
    own = f"it has to be a file of user id {os.geteuid()}'s own: remove what is there"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if os.path.lexists(path):
            raise OSError(f"{path}: {error.strerror}: {own}") from error
        raise
    status = os.fstat(descriptor)
    is_own = status.st_uid == os.geteuid() and status.st_nlink <= 1
    if not is_own or not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        told = f"{stat.filemode(status.st_mode)} of {status.st_uid}, with {status.st_nlink} names"
        raise OSError(f"{path}: {told}: {own}")
    return descriptor
