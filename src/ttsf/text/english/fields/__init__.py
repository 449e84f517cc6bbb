"""Notation of special fields: chats, code, markets, science, scores."""
