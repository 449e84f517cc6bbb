"""Discriminators of sound and mels, and their GAN losses."""
