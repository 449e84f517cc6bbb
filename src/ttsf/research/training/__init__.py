"""Sec. 4.1: training stages, one file each."""
