"""What is in the bucket, as backups."""
