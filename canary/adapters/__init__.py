"""Adapters: the only modules of the canary that import requests, boto3 and Powertools."""
