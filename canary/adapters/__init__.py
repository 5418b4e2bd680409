"""Third-party doors: the only files of the canary that import requests, boto3 and the like."""
