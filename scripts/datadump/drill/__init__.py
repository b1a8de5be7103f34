"""A backup is proven."""
