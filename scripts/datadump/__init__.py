"""The uploader's parts, one module per noun; an idle tick imports none but the first three.

settings, daily_log, dump_folder: what a look into the folder takes
object_key, shipment: the decisions of an upload
bucket: the S3 requests, and the only module that imports boto3
"""
