"""The engine process: the tasks it receives, and the events it sends."""
