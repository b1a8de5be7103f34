"""System calls that fail as they do on file systems that this machine may be unable to mount.

dumps.dump(**failing_calls(tmp_path, fsync=errno.EINVAL, linkat=errno.EPERM))
"""

from __future__ import annotations

import subprocess
from pathlib import Path

# Each takes its error from the environment; without one it is the system's own.
SOURCE = """
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int call(const char *name, long number, long a, long b, long c, long d, long e) {
    const char *error = getenv(name);
    if (error == NULL || *error == 0)
        return syscall(number, a, b, c, d, e);
    errno = atoi(error);
    return -1;
}

int fsync(int file) { return call("FAIL_fsync", SYS_fsync, file, 0, 0, 0, 0); }
int fdatasync(int file) { return call("FAIL_fsync", SYS_fdatasync, file, 0, 0, 0, 0); }
int flock(int file, int how) {
    /* NFS locks for writing what is open to write. */
    if (getenv("NFS_LOCKS") != NULL && (fcntl(file, F_GETFL) & O_ACCMODE) == O_RDONLY) {
        errno = EBADF;
        return -1;
    }
    return call("FAIL_flock", SYS_flock, file, how, 0, 0, 0);
}
int linkat(int a, const char *from, int b, const char *to, int flags) {
    return call("FAIL_linkat", SYS_linkat, a, (long)from, b, (long)to, flags);
}
int renameat2(int a, const char *from, int b, const char *to, unsigned int flags) {
    return call("FAIL_renameat2", SYS_renameat2, a, (long)from, b, (long)to, flags);
}
int utimensat(int a, const char *file, const struct timespec times[2], int flags) {
    return call("FAIL_utimensat", SYS_utimensat, a, (long)file, (long)times, flags, 0);
}
int futimens(int file, const struct timespec times[2]) {
    return call("FAIL_utimensat", SYS_utimensat, file, 0, (long)times, 0, 0);
}
"""


def failing_calls(folder: Path, **errors: int) -> dict[str, str]:
    """The environment in which these calls fail so, for dynamically linked programs.

    ``fsync`` is fdatasync too, and ``utimensat`` futimens.
    """
    library = folder / "failing_calls.so"
    command = ["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(library)]
    subprocess.run(command, input=SOURCE, text=True, check=True)
    failures = {f"FAIL_{name}": str(error) for name, error in errors.items()}
    return {"LD_PRELOAD": str(library), **failures}
