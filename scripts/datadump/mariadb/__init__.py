"""A server: asked, loaded, dumped. MySQLdb is imported here only."""
