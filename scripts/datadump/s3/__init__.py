"""Requests to one store. boto3 and botocore are imported here only."""
