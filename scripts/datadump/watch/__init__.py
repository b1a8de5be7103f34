"""Whether all is well, by what was seen; and who is told."""
