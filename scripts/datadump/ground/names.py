"""The names of finished dumps, and of the notes by which they become objects."""

AGE = ".age"  # behind the others: encrypted
PLAIN_SUFFIXES = (".sql", ".sql.zst", ".sql.gz")
SUFFIXES = (*PLAIN_SUFFIXES, *(f"{suffix}{AGE}" for suffix in PLAIN_SUFFIXES))
FINISHED_NAMES = tuple(f"datadump{suffix}" for suffix in SUFFIXES)
TAKEN_PREFIX = ".send-to-s3."
DUMP_ID_LENGTH = 32  # hexadecimal digits
NOTE_LENGTH = 16
LONGEST_BUCKET = 63  # characters, by S3's rule
MOST_DIGITS = 8  # of the number in a key
LONGEST_FILE_NAME = 255  # bytes, in Linux


def escape(text: str) -> str:
    """The text as part of a file name; :func:`unescape` is the way back."""
    return text.replace("%", "%25").replace("/", "%2F")


def unescape(text: str) -> str:
    """The text that :func:`escape` was given."""
    return text.replace("%2F", "/").replace("%25", "%")


def name_of_note(dump_id: str, note: str, bucket: str, key: str) -> str:
    """The name of a taken dump's file, noted for that key."""
    return f"{TAKEN_PREFIX}{dump_id}.{note}.{escape(f'{bucket}/{key}')}"


# So many bytes of an escaped prefix fit into a note when all else is as long as it can be; the two
# slashes stand for a folder that the note leaves out.
ROOM_FOR_PREFIX = LONGEST_FILE_NAME - len(
    name_of_note(
        "0" * DUMP_ID_LENGTH,
        "0" * NOTE_LENGTH,
        "b" * LONGEST_BUCKET,
        f"//2026-11-23/datadump{'9' * MOST_DIGITS}{max(SUFFIXES, key=len)}",
    )
)
