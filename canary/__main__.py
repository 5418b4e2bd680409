"""The command line: `python -m canary …`."""

from canary.cli import main

if __name__ == "__main__":
    main(prog_name="python -m canary")
