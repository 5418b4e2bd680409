"""Build the healthy platform in an empty emulator, through the AWS API."""
