"""LaTeX's signs, accents and formulas as plain Unicode text."""

from __future__ import annotations

import re
import unicodedata

from ingestion.parsers.latex_source import read_argument

MOST_DEPTH = 30

_LETTERS = """alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ
iota ι kappa κ lambda λ mu μ nu ν xi ξ pi π rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ
phi φ varphi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ
Phi Φ Psi Ψ Omega Ω ell ℓ hbar ħ nabla ∇ partial ∂ infty ∞ emptyset ∅ Re ℜ Im ℑ aleph ℵ
sum ∑ prod ∏ int ∫ iint ∬ oint ∮ bigcup ⋃ bigcap ⋂ cup ∪ cap ∩ in ∈ notin ∉ ni ∋ subset ⊂
subseteq ⊆ supset ⊃ supseteq ⊇ setminus ∖ forall ∀ exists ∃ neg ¬ lnot ¬ land ∧ wedge ∧ lor ∨ vee ∨
times × div ÷ cdot · ast ∗ star ⋆ circ ∘ bullet • pm ± mp ∓ oplus ⊕ otimes ⊗ odot ⊙ leq ≤ le ≤
geq ≥ ge ≥ neq ≠ ne ≠ approx ≈ equiv ≡ sim ∼ simeq ≃ cong ≅ propto ∝ ll ≪ gg ≫ prec ≺ succ ≻ perp ⊥
mid | parallel ∥ to → rightarrow → leftarrow ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐
Leftrightarrow ⇔ iff ⇔ implies ⇒ mapsto ↦ uparrow ↑ downarrow ↓ longrightarrow ⟶ ldots … dots …
cdots ⋯ vdots ⋮ ddots ⋱ prime ′ dagger † ddagger ‡ langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈
rceil ⌉ top ⊤ bot ⊥ vdash ⊢ models ⊨ angle ∠ triangle △ square □ checkmark ✓ degree °
ss ß ae æ AE Æ oe œ OE Œ o ø O Ø l ł L Ł i ı j ȷ aa å AA Å dh ð th þ S § P ¶ pounds £ euro €
EUR € texteuro € copyright © textcopyright © textregistered ® texttrademark ™ textdegree °
textendash – textemdash — textellipsis … textquoteleft ‘ textquoteright ’ textquotedblleft “
textquotedblright ” guillemotleft « guillemotright » og « fg » textbullet • textbackslash \\
textasciitilde ~ textasciicircum ^ textunderscore _ textbar | textless < textgreater > textpm ±
texttimes × textmu µ lbrace { rbrace } lvert | rvert | lVert ‖ rVert ‖ Vert ‖ vert | colon :
LaTeX LaTeX TeX TeX quad \u2003 qquad \u2003 no n° numero n° ier er iere re ieme e""".split()
SIGNS = dict(zip(_LETTERS[::2], _LETTERS[1::2], strict=True))
SIGNS |= {"quad": " ", "qquad": " ", "enspace": " ", "thinspace": " ", "og": "« ", "fg": " »"}
"""Commands that stand for one sign."""
_ACCENTS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    "u": "\u0306",
    ".": "\u0307",
    '"': "\u0308",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "c": "\u0327",
    "k": "\u0328",
    "d": "\u0323",
    "b": "\u0331",
}
_LIGATURES = (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("!`", "¡"), ("?`", "¿"))
_MATH_ACCENTS = {"hat": "^", "bar": "=", "tilde": "~", "dot": ".", "ddot": '"', "vec": "vec"}


def is_accent(name: str) -> bool:
    return name in _ACCENTS


def accented(name: str, letter: str) -> str:
    """The letter under the accent, composed: ("'", "e") -> "é"."""
    base = {"\\i": "i", "\\j": "j"}.get(letter.strip(), letter.strip())
    return unicodedata.normalize("NFC", base[:1] + _ACCENTS[name] + base[1:])


def join_ligatures(text: str) -> str:
    """Dashes and quotation marks as they are printed."""
    for written, printed in _LIGATURES:
        text = text.replace(written, printed)
    return text


_MATH = re.compile(r"\\([a-zA-Z]+)\*?|\\(.)|([\^_])|([{}&])|([^\\^_{}&]+)", re.DOTALL)
_SILENT = frozenset(
    """left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr middle limits nolimits
    displaystyle textstyle scriptstyle nonumber notag mathstrut""".split()
)
_WITH_ARGUMENT = frozenset(("label", "tag", "vspace", "hspace", "color", "phantom", "hphantom"))


def math_text(source: str, depth: int = 0) -> str:
    """A formula on one line, as it would be said in plain text: x_(i+1) = (a)/(b)."""
    parts: list[str] = []
    position = 0
    while depth <= MOST_DEPTH and position < len(source):
        match = _MATH.match(source, position)
        if match is None:
            break
        position = match.end()
        name, sign, script, mark, plain = match.groups()
        if name in ("frac", "dfrac", "tfrac", "binom"):
            above, position = read_argument(source, position)
            below, position = read_argument(source, position)
            parts.append(
                f"{_braced(above, depth)}/{_braced(below, depth)}"
                if name != "binom"
                else f"({math_text(above, depth + 1)} over {math_text(below, depth + 1)})"
            )
        elif name == "sqrt":
            inner, position = read_argument(source, position)
            parts.append(f"√{_braced(inner, depth)}")
        elif name in _WITH_ARGUMENT:
            _, position = read_argument(source, position)
        elif name in ("begin", "end"):
            _, position = read_argument(source, position)
            parts.append(" ")
        elif name is not None:
            word = "" if name in _SILENT else SIGNS.get(name, "" if _is_style(name) else name)
            parts.append(word)
        elif script:
            inner, position = read_argument(source, position)
            parts.append(script + _braced(inner, depth))
        elif sign is not None:
            parts.append({"\\": "; ", "{": "{", "}": "}", "|": "‖", "!": ""}.get(sign, " "))
        elif mark is not None:
            parts.append(" " if mark == "&" else "")
        else:
            parts.append(plain or "")
    return " ".join("".join(parts).replace("~", " ").split()).strip("; ")


def _is_style(name: str) -> bool:
    return name in _MATH_ACCENTS or name.startswith(("math", "text", "operatorname", "bm", "bold"))


def _braced(source: str, depth: int) -> str:
    text = math_text(source, depth + 1)
    return text if len(text) <= 1 or text.isalnum() else f"({text})"
