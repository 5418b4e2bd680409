"""Who must hear of it: report and what was said before in, messages and events out; pure.

    decide.py     what is new: opened, diagnosed and closed incidents
    grouping.py   which checks newly do not hold, put together by their cause
    state.py      what was said before, as kept in the store
    events.py     EventBridge entries: RunCompleted, CheckBroke, CheckFixed, Diagnosed
    wording.py    subject and plain text of a message (SNS, mail)
    ledger.py     who says what: claims in the store, that lapse
    deliver.py    send what was decided, once, and keep what could not be sent

See docs/events.md for the schema of the events.
"""
