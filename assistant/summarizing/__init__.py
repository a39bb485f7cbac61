"""A document -> a summary of which every statement is cited."""
