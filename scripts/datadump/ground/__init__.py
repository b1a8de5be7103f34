"""What every room may use: owners, names of dumps and notes, the log, the terminal."""
