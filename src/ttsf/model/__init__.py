"""The paper's model (Figure 2): tensors in, tensors out.

Knows the configuration and no file, picture, text or option of the product.
"""
