"""The benchmark: this pipeline beside what one would write instead, on one machine, in one run.

measuring: one run of a command: how long, how much memory; sides that take turns
world: the folder, the store and the database that the jobs work with
database: the SQL that is dumped and restored
peers: the other tools' environment and versions
idle, outward, ticks, way_back: the jobs
report: the table
"""
