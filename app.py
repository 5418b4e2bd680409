"""Synthesize one stack per environment file: `python app.py`, or through `cdk`.

Nothing is looked up and no AWS call is made. Context: `environments` names another folder or file,
`architecture` and `python` override what the bundle is built for (the sandbox's host).
"""

from infra.app import main

main()
