"""Build the healthy platform in an empty account, through the AWS API."""
