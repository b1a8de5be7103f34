"""The uploader's parts, one module per noun.

tick: one run. An idle one imports these and no others:
settings, owner, dump_folder, daily_log: what a look into the folder takes

shipment: the order of things, for one dump
object_key, contents: what it is called, what it holds
bucket, multipart: the requests
store: the connection and its errors; the only module that imports boto3
"""
