"""What may be said to whom: personal data and secrets in documents, questions and answers."""
