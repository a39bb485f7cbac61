"""Does a text bear out a statement? For answers and for summaries alike.

`read(text, language)` takes a sentence apart; `judge(statement, source)` holds one reading
against another. Nothing here knows of documents, passages or models.
"""
