"""Which commands and environments of LaTeX mean what."""

from __future__ import annotations

import re

AUTHOR_BREAK = "\x1e"

LEVELS = {
    "part": 1,
    "chapter": 1,
    "section": 2,
    "subsection": 3,
    "subsubsection": 4,
    "paragraph": 5,
    "subparagraph": 6,
}
ABOUT = frozenset(("title", "author", "date"))
NOTES = frozenset(("footnote", "thanks", "footnotetext", "marginpar", "endnote", "tablefootnote"))
CITES = re.compile(r"(?:no)?(?:[Cc]ite\w*|parencite|textcite|autocite|footcite|shortcite)")
REFS = frozenset("ref eqref autoref cref Cref pageref nameref vref".split())
DROPPED = {
    # How many arguments go with them.
    **dict.fromkeys(
        """label vspace hspace bibliographystyle bibliography pagestyle thispagestyle
        includegraphics color usepackage documentclass input include subfile hypersetup
        graphicspath index phantom hphantom vphantom authorrunning titlerunning orcidID
        institute affiliation email address cline cmidrule captionsetup newif pagenumbering
        linespread fontsize bibinfo hypertarget ccsdesc setlist
        addbibresource printindex tikzset usetikzlibrary selectlanguage theoremstyle
        scalebox nocite cellcolor rowcolor arrayrulecolor""".split(),
        1,
    ),
    **dict.fromkeys(
        """setlength addtolength setcounter addtocounter newtheorem definecolor rule markboth
        titleformat fontfamily newcolumntype crefname resizebox""".split(),
        2,
    ),
    **dict.fromkeys("newenvironment renewenvironment addcontentsline".split(), 3),
}
FIRST_DROPPED = frozenset("textcolor colorbox href hyperref parbox raisebox rotatebox".split())
"""The first of two arguments is no text."""
MATH = frozenset(
    "equation align gather multline eqnarray displaymath math flalign alignat dmath".split()
)
LISTS = frozenset("itemize enumerate description compactitem compactenum".split())
NUMBERED_LISTS = frozenset(("enumerate", "compactenum"))
TABLES = frozenset("tabular tabularx tabulary longtable tabu supertabular".split())
CODE = frozenset("verbatim Verbatim lstlisting minted alltt".split())
FLOATS = ("figure", "table", "algorithm")
UNREAD = frozenset("comment tikzpicture pgfpicture pspicture CCSXML filecontents".split())
ENVIRONMENT_ARGUMENTS = {
    **dict.fromkeys(
        "minipage multicols adjustbox subfigure subtable column thebibliography".split(), 1
    ),
    **dict.fromkeys("wrapfigure wraptable".split(), 2),
}


def is_known(name: str) -> bool:
    """Whether a command means something here, whatever the document makes of it."""
    return (
        name in LEVELS
        or name in ABOUT
        or name in NOTES
        or name in REFS
        or name in ("begin", "end", "item", "caption", "bibitem", "maketitle", "appendix")
        or bool(CITES.fullmatch(name))
    )
