"""The engine as a process: the tasks it is given, and the events that it answers with."""
