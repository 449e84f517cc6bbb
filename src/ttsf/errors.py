"""The one error that a user may see: a single line that says what is wrong and what to do."""


class TtsfError(Exception):
    """Bad input or environment. `str(error)` is one clear line without a traceback."""
