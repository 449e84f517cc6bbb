"""`ttsf serve`: a page, an HTTP API and jobs on one machine.

process/ holds the model in a process of its own; all else knows tasks, events and files.
"""
