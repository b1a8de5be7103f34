"""A dump's SQL becomes the content of a database."""
