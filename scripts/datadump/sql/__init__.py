"""The text that mariadb-dump writes, by the standard library alone."""
