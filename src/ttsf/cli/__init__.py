"""The command line: one file for a few commands, each a dataclass with its `run`.

Reaches the product and research; knows how options are called and what is printed.
"""
