"""What the suites share: real servers, the project's own programs, and waiting with a deadline."""
