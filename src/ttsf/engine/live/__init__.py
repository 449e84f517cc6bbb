"""Texts that arrive in pieces, and sessions in which a portrait lives until they are closed."""
