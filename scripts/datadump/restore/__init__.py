"""An object becomes a database."""
