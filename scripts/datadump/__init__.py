"""The uploader's and the restore's parts, one module per noun.

tick: one run of the uploader. An idle one imports these and no others:
settings, owner, dump_folder, daily_log: what a look into the folder takes

shipment: the order of things, for one dump
object_key, contents: what it is called, what it holds

commands: restore and drill, as a person gives them
catalogue, listing: the backups that are in the bucket, and how they are shown
download: the way back of one
dump_file, inventory: a dump's sections, and what it names and holds
loading, secondary_keys: into an empty database
restore, swap: the whole way, also into one in use
throwaway, drill, proof: a server for one drill, the comparison, what the bucket keeps of it

server: the connection to MariaDB; the only module that imports MySQLdb
bucket, multipart, progress: the requests
store: the connection and its errors; the only module that imports boto3
"""
