"""Texts that arrive in pieces, and live sessions, in which a portrait moves until they end."""
