"""The paper's model (Figure 2): tensors in, tensors out.

Knows the configuration, but no files, pictures, texts or product options.
"""
