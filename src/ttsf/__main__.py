"""The command `ttsf`, also as `python -m ttsf`; Ctrl-C while it is being loaded is one line."""

import sys


def entry_point() -> None:
    """Run the command of this process and end it with its exit code."""
    try:
        from ttsf.cli.main import run_process
    except KeyboardInterrupt:
        print("ttsf: error: interrupted", file=sys.stderr)
        sys.exit(130)
    run_process()


if __name__ == "__main__":
    entry_point()
