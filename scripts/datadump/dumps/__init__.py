"""The folder in which dumps wait."""
