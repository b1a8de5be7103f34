"""What a look found, shown: a table and JSON, a page, figures for Prometheus."""
