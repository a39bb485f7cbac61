"""Conversations that people had with the documents, kept for them."""
