"""From recordings to weights and figures: data, experts, training and evaluation.

The product never imports it; the command line alone reaches both.
"""
