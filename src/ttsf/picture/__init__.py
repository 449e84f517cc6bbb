"""The whole picture at its own resolution, in which one face moves."""
