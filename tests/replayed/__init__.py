"""Replays incidents through the alarms of a synthesized template, with delays as AWS has them.

Nothing here knows `alarm_evaluator` or `canary.alarms`: the alarms are what the template says, and
CloudWatch's rules are written down a second time. What the canary prints is its own code's word.
`python -m tests.replayed` prints the table of docs/reliability.md.
"""
