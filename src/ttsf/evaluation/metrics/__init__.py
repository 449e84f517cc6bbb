"""Sec. 4.1: the figures of the paper's tables and the judges that give them."""
