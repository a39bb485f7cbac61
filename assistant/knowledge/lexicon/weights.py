"""What counts how much in a full-text index."""

TITLE_TIMES = 3
HEADING_TIMES = 2
"""How often the words of a chunk's title and headings count beside those of its text: one field
with one length (Robertson et al., CIKM 2004, doi:10.1145/1031171.1031181). A word that is in
both scores less than twice, as fields of their own would give it."""
