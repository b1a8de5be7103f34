"""What would fail at the end of a restore, or be missing then, is known before it begins."""
