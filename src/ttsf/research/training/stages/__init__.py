"""Sec. 4.1: what each stage trains, a file each."""
