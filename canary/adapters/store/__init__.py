"""The store of reports: a protocol, a folder and an S3 bucket that implement it."""
