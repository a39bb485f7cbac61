"""Taking a document or a person out of everything that is kept, and proving it."""
