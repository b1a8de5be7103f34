"""What knows neither dumps nor S3: owners, the log, the terminal."""
