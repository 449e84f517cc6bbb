"""Sec. 3.1 and 4.1: frozen networks of losses and metrics; never part of a checkpoint."""
