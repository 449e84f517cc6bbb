"""Entry point of the command `ttsf` and of `python -m ttsf`; handles Ctrl-C during imports."""

import gc
import sys

RARELY = 100_000
"""New objects after which garbage is searched for: imports make many, and none of them garbage."""


def entry_point() -> None:
    """Run the command line, and exit with its code."""
    gc.set_threshold(RARELY)
    try:
        from ttsf.cli.main import run_process
    except KeyboardInterrupt:
        print("ttsf: error: interrupted", file=sys.stderr)
        sys.exit(130)
    run_process()


if __name__ == "__main__":
    entry_point()
