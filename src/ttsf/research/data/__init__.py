"""Sec. 4.1: training material."""
