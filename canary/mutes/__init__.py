"""Mutes: which checks wake nobody in a run, by the environment's file and by the store."""
