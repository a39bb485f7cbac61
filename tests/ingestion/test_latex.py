"""LaTeX as it would be printed."""

import pytest

from ingestion.parsers.base import parse_file
from ingestion.parsers.latex_signs import math_text

PAPER = r"""\documentclass{article}\usepackage[utf8]{inputenc} % comment
\newcommand{\be}{\begin{equation}}\newcommand{\ee}{\end{equation}}
\newcommand{\pair}[2][x]{(#1, #2)}\def\foo#1{foo(#1)}
\title{Congés pay\'es}\author{Ada \and Bob\thanks{Paris}}
\begin{document}\maketitle
\begin{abstract}We study leave.\end{abstract}
\section{Intro}\label{c}
See section~\ref{c}, \pair{y}, \pair[a]{b}, \foo{z}. It's 5\,\% --- ``quoted''\footnote{A note
with $x^2$.} of \emph{text} \citep[p.~3]{a,b}.%
\be \label{e} E = mc^2 + \frac{\alpha_1}{2n} \ee
by \eqref{e}. \c{c}a, na\"{\i}ve, {\oe}uvre.

\begin{itemize}\item one \begin{enumerate}\item inner\end{enumerate}\item[Key] two\end{itemize}
\begin{verbatim}
x = 1 % kept
\end{verbatim}
\begin{table}\caption{Rates}\begin{tabular}{l|r}\toprule \multicolumn{2}{c}{City} \\\midrule
\multirow{2}{*}{Lyon} & 12 \\ & 13 \\\end{tabular}\end{table}
\iffalse never \fi
\subsection{Deep} see \autoref{c} \unknown[opt]{kept} \vspace{2cm}
\begin{thebibliography}{9}\bibitem{a} A. Author. Title.\bibitem{b} B. 2021\end{thebibliography}
\end{document} after"""


@pytest.fixture
def read(tmp_path):
    def parse(source):
        path = tmp_path / "paper.tex"
        path.write_bytes(source if isinstance(source, bytes) else source.encode("utf-8"))
        return parse_file(path, max_pages=9, max_file_bytes=10**7)

    return parse


def outline(parsed):
    return [(block.kind.value, block.level, block.text) for block in parsed.blocks]


def test_paper_is_read_with_everything_that_is_printed(read):
    parsed = read(PAPER)
    assert outline(parsed) == [
        ("title", 0, "Congés payés"),
        ("paragraph", 0, "Ada, Bob"),
        ("heading", 2, "Abstract"),
        ("paragraph", 0, "We study leave."),
        ("heading", 2, "1 Intro"),
        (
            "paragraph",
            0,
            "See section 1, (x, y), (a, b), foo(z). It's 5 % — “quoted” of text "
            "[a, b, p. 3]. E = mc^2 + (α_1)/2n by (1). ça, naïve, œuvre.",
        ),
        ("footnote", 0, "A note with x^2."),
        ("list_item", 0, "- one"),
        ("list_item", 0, "1. inner"),
        ("list_item", 0, "- Key two"),
        ("code", 0, "x = 1 % kept"),
        ("caption", 0, "Table 1: Rates"),
        ("table", 0, "| City | City |\n|---|---|\n| Lyon | 12 |\n| Lyon | 13 |"),
        ("heading", 3, "1.1 Deep"),
        ("paragraph", 0, "see section 1 kept"),
        ("heading", 2, "References"),
        ("reference", 0, "[a] A. Author. Title."),
        ("reference", 0, "[b] B. 2021"),
    ]
    assert (parsed.title, parsed.author) == ("Congés payés", "Ada, Bob")


def test_file_without_a_preamble_is_read(read):
    assert outline(read(r"\chapter{One} Text.")) == [
        ("heading", 1, "1 One"),
        ("paragraph", 0, "Text."),
    ]


def test_declared_encoding_is_believed(read):
    source = "\\usepackage[latin1]{inputenc}\\begin{document}Congés\\end{document}"
    assert read(source.encode("latin-1")).blocks[0].text == "Congés"


def test_environment_that_macros_open_and_close_is_read(read):
    source = r"\newcommand{\bi}{\begin{itemize}}\newcommand{\ei}{\end{itemize}}\bi\item a\ei b"
    assert [text for _, _, text in outline(read(source))] == ["- a", "b"]


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"x_{i+1}^2 \leq \sqrt{n}", "x_(i+1)^2 ≤ √n"),
        (r"\sum_{k=0}^n \binom{n}{k}", "∑_(k=0)^n (n over k)"),
        (r"\left\{ \mathbf{a} \mid \text{all } b \right\}", "{ a | all b }"),
        (r"\begin{cases} 1 & x \\ 0 \end{cases}", "1 x ; 0"),
        (r"{" * 500, ""),
    ],
)
def test_formulas_are_kept_as_text(formula, text):
    assert math_text(formula) == text
