"""Discriminators of sound and of mels, and the GAN losses that they share."""
