"""Whether all is well, by what the bucket, the folder and the log say; and who is told."""
