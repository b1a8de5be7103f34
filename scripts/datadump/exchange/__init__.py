"""One database takes the place of another, which stays beside it, and back again."""
