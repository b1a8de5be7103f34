"""A person's or cron's words, and the one boundary of errors."""
