"""Detect watermarks, tags and signatures in files, with the evidence for each."""
