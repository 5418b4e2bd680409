"""Mask secrets: known values (`redactor`) and text that looks like one (`patterns`).

Three passes are needed. The HTTP client masks known secrets in every answer, before any probe cuts
or joins texts. Evidence and log lines are masked by pattern before they are cut, since half a token
no longer looks like one. Everything is masked once more before it leaves the process.
"""
