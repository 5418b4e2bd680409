"""A synthetic canary for an ML platform that names the cause.

    load -> plan -> observe + probe -> diagnose -> compare -> publish

Each word is a module of this package; `pipeline` says the sentence, `handler` (Lambda) and
`__main__` (command line) hand it what it needs.
"""

__version__ = "0.2.0"
