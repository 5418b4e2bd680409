"""Measure how strong the tests are: change the code in one place, and see whether a test fails."""
