"""Messages to people and events for programs, made from the changes of a run.

    incidents.py  decide which incidents were opened, diagnosed and closed
    grouping.py   group the checks that newly fail by their cause
    state.py      the state kept between runs: open incidents, unsent messages
    events.py     EventBridge entries: RunCompleted, CheckBroke, CheckFixed, Diagnosed
    texts.py      subject and plain text of a message (SNS, mail)
    leases.py     leases in the store: of overlapping runs one sends each message
    delivery.py   send messages and events once, and keep what could not be sent

See docs/events.md for the schema of the events.
"""
