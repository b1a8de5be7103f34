"""What there is to see of backups, without a judgement: in the bucket, the folder and the log."""
