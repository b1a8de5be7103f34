"""The uploader and the way back: see scripts/README.md for the rooms and their floors."""
