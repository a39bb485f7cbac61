"""Word's formulas (Office Math) as plain text: x^2, (a)/(b), ∑_(k=1)^n."""

from __future__ import annotations

from typing import Any

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_W_TEXT = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t"
MATH = (f"{_M}oMath", f"{_M}oMathPara")
_PROPERTIES = frozenset(
    f"{_M}{name}Pr"
    for name in """r f rad nary d func sSup sSub sSubSup sPre limLow limUpp acc bar box eqArr
    groupChr m ctrl borderBox phant oMathPara arg""".split()
)


def math_text(element: Any) -> str:
    """The text of a formula or of a part of one."""
    if not isinstance(element.tag, str) or element.tag in _PROPERTIES:
        return ""
    name = element.tag.removeprefix(_M)
    if name == "t" or element.tag == _W_TEXT:
        return element.text or ""
    part = {child.tag.removeprefix(_M): child for child in element if isinstance(child.tag, str)}

    def of(key: str) -> str:
        return math_text(part[key]) if key in part else ""

    match name:
        case "f" if _property(element, "f", "type") == "noBar":
            return f"{of('num')} over {of('den')}"
        case "f":
            return f"{_braced(of('num'))}/{_braced(of('den'))}"
        case "sSup":
            return f"{of('e')}^{_braced(of('sup'))}"
        case "sSub":
            return f"{of('e')}_{_braced(of('sub'))}"
        case "sSubSup":
            return f"{of('e')}_{_braced(of('sub'))}^{_braced(of('sup'))}"
        case "limLow":
            return f"{of('e')}_{_braced(of('lim'))}"
        case "limUpp":
            return f"{of('e')}^{_braced(of('lim'))}"
        case "rad":
            return f"{_braced(of('deg')) if of('deg') else ''}√{_braced(of('e'))}"
        case "nary":
            below, above = of("sub"), of("sup")
            sign = _property(element, "nary", "chr") or "∫"
            low = f"_{_braced(below)}" if below else ""
            high = f"^{_braced(above)}" if above else ""
            return f"{sign}{low}{high} {of('e')}"
        case "d":
            separator = _property(element, "d", "sepChr") or "|"
            inner = separator.join(math_text(child) for child in element.findall(f"{_M}e"))
            opening = _property(element, "d", "begChr")
            closing = _property(element, "d", "endChr")
            return (
                f"{'(' if opening is None else opening}{inner}{')' if closing is None else closing}"
            )
        case "func":
            return f"{of('fName')} {of('e')}"
        case "m":
            rows = element.findall(f"{_M}mr")
            return f"[{'; '.join(', '.join(map(math_text, row)) for row in rows)}]"
        case "eqArr":
            return "; ".join(math_text(child) for child in element.findall(f"{_M}e"))
    return "".join(math_text(child) for child in element)


def _property(element: Any, kind: str, name: str) -> str | None:
    found = element.find(f"{_M}{kind}Pr/{_M}{name}")
    return None if found is None else (found.get(f"{_M}val") or "")


def _braced(text: str) -> str:
    text = text.strip()
    return text if len(text) <= 1 or text.isalnum() else f"({text})"
