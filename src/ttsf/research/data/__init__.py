"""Sec. 4.1: corpora: preparation, manifests and batches."""
