"""Charts and diagrams in Word and PowerPoint files."""

import datetime

import docx
import pptx
import pytest
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.package import Part as SlidePart
from pptx.opc.packuri import PackURI as SlideURI
from pptx.util import Inches

from ingestion.parsers import office_drawings
from ingestion.parsers.base import parse_file

PLACE = (Inches(1), Inches(1), Inches(5), Inches(4))
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
REFERENCE = """
<w:p xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:r><w:drawing>
  <a:graphic xmlns:a="{drawing}/main"><a:graphicData uri="{drawing}/{kind}">{inner}
  </a:graphicData></a:graphic></w:drawing></w:r></w:p>"""
STEPS = (("1", "Demander"), ("3", "Payer"), ("2", "Valider"), ("4", "Au-delà de 5 000 €"))
LINKS = (("0", "1", "0"), ("0", "2", "1"), ("0", "3", "2"), ("2", "4", "0"), ("4", "0", "0"))


def outline(path):
    parsed = parse_file(path, max_pages=50, max_file_bytes=10**7)
    return [(block.kind.value, block.page, block.text) for block in parsed.blocks]


@pytest.fixture
def slides(tmp_path):
    """`slides(kind, data, ...)`: a presentation with a chart on each slide; `change` sees it."""

    def make(*charts, change=lambda chart: None):
        presentation = pptx.Presentation()
        for kind, data in charts:
            slide = presentation.slides.add_slide(presentation.slide_layouts[6])
            change(slide.shapes.add_chart(kind, *PLACE, data).chart)
        presentation.save(tmp_path / "charts.pptx")
        return tmp_path / "charts.pptx"

    return make


def bars(categories, number_format="General", **series):
    data = CategoryChartData(number_format=number_format)
    data.categories = categories
    for name, values in series.items():
        data.add_series(name, values)
    return XL_CHART_TYPE.COLUMN_CLUSTERED, data


def test_a_chart_is_a_table_under_its_title(slides):
    def name(chart):
        chart.has_title = True
        chart.chart_title.text_frame.text = "Ventes par agence"
        for axis, text in ((chart.category_axis, "Agence"), (chart.value_axis, "en k€")):
            axis.has_title = True
            axis.axis_title.text_frame.text = text

    path = slides(bars(["Lyon", "Nantes"], An2024=(120.5, 80), An2025=(140, None)), change=name)
    assert outline(path) == [
        ("caption", 1, "Ventes par agence – en k€"),
        (
            "table", 1,
            "| Agence | An2024 | An2025 |\n|---|---|---|\n"
            "| Lyon | 120.5 | 140 |\n| Nantes | 80 |  |",
        ),
    ]  # fmt: skip


def test_figures_are_read_as_their_format_shows_them(slides):
    days = [datetime.date(2025, 1, 31), datetime.date(2025, 2, 28)]
    points = XyChartData()
    curve = points.add_series("Débit")
    curve.add_data_point(0.5, 12)
    curve.add_data_point(1.5, 7)
    path = slides(
        bars(days, "0.0%", Part=(0.125, 0.25)),
        bars(["Loyer"], '#,##0 "€"', Coût=(1200,)),
        (XL_CHART_TYPE.XY_SCATTER, points),
    )
    assert [text.split("\n")[2:] for _, _, text in outline(path)] == [
        ["| 2025-01-31 | 12.5% |", "| 2025-02-28 | 25% |"],
        ["| Loyer | 1200 € |"],
        ["| 0.5 | 12 |", "| 1.5 | 7 |"],
    ]


def test_categories_of_several_levels_are_told_in_full(slides):
    data = CategoryChartData()
    for year in ("2024", "2025"):
        category = data.add_category(year)
        category.add_sub_category("S1")
        category.add_sub_category("S2")
    data.add_series("Embauches", (1, 2, 3, 4))
    ((_, _, text),) = outline(slides((XL_CHART_TYPE.BAR_CLUSTERED, data)))
    assert text.split("\n")[2:] == [
        "| 2024 S1 | 1 |", "| 2024 S2 | 2 |", "| 2025 S1 | 3 |", "| 2025 S2 | 4 |",
    ]  # fmt: skip


def test_a_curve_of_thousands_of_points_is_cut(slides, monkeypatch):
    monkeypatch.setattr(office_drawings, "MOST_ROWS", 3)
    path = slides(bars([f"c{number}" for number in range(9)], a=range(9)))
    assert len(outline(path)[0][2].split("\n")) == 5


def diagram(links=LINKS):
    points = "".join(
        f'<d:pt modelId="{name}"><d:t><a:p><a:r><a:t>{text}</a:t></a:r></a:p></d:t></d:pt>'
        for name, text in STEPS
    )
    told = "".join(
        f'<d:cxn modelId="c{source}{target}" srcId="{source}" destId="{target}" srcOrd="{order}"/>'
        for source, target, order in links
    )
    return (
        f'<d:dataModel xmlns:d="{DRAWING}/diagram" xmlns:a="{DRAWING}/main"><d:ptLst>'
        f'<d:pt modelId="0" type="doc"/>{points}<d:pt modelId="9" type="pres"/></d:ptLst>'
        f"<d:cxnLst>{told}</d:cxnLst></d:dataModel>"
    ).encode()


def word_file(path, kind, blob):
    document = docx.Document()
    document.add_paragraph("Before.")
    part = Part(PackURI("/word/drawings/one.xml"), "application/xml", blob, document.part.package)
    name = document.part.relate_to(part, f"{OFFICE}/{kind}")
    attribute, tag = ("id", "chart") if kind == "chart" else ("dm", "relIds")
    inner = f'<x:{tag} xmlns:x="{DRAWING}/{kind}" xmlns:r="{OFFICE}" r:{attribute}="{name}"/>'
    document.element.body.insert(
        1, parse_xml(REFERENCE.format(drawing=DRAWING, kind=kind, inner=inner))
    )
    document.add_paragraph("After.")
    document.save(path)
    return path


def test_a_diagram_s_texts_are_read_in_the_order_of_their_links_once_each(tmp_path):
    """The last link makes a circle."""
    assert outline(word_file(tmp_path / "x.docx", "diagram", diagram())) == [
        ("paragraph", 1, "Before."),
        ("list_item", 1, "- Demander"),
        ("list_item", 1, "- Valider"),
        ("list_item", 1, "- Au-delà de 5 000 €"),
        ("list_item", 1, "- Payer"),
        ("paragraph", 1, "After."),
    ]


def test_a_diagram_whose_links_are_lost_keeps_its_texts(tmp_path):
    texts = [text for _, _, text in outline(word_file(tmp_path / "x.docx", "diagram", diagram(())))]
    assert texts[1:-1] == [f"- {text}" for _, text in STEPS]


def test_a_chart_in_a_word_file(tmp_path, slides):
    presentation = pptx.Presentation(slides(bars(["Lyon"], Prime=(250,))))
    blob = presentation.slides[0].shapes[0].chart.part.blob
    assert ("table", 1, "|  | Prime |\n|---|---|\n| Lyon | 250 |") in outline(
        word_file(tmp_path / "x.docx", "chart", blob)
    )


@pytest.mark.parametrize("blob", [b"<broken", b"", b"<a/>"])
def test_a_drawing_that_is_damaged_costs_nothing_else(tmp_path, blob):
    for kind in ("chart", "diagram"):
        path = word_file(tmp_path / f"{kind}.docx", kind, blob)
        assert [text for _, _, text in outline(path)] == ["Before.", "After."]


def test_a_diagram_on_a_slide(tmp_path, slides):
    path = slides(bars(["Lyon"], Prime=(250,)))
    presentation = pptx.Presentation(path)
    slide = presentation.slides[0]
    part = SlidePart(
        SlideURI("/ppt/diagrams/data1.xml"), "application/xml", slide.part.package, diagram()
    )
    name = slide.part.relate_to(part, f"{OFFICE}/diagramData")
    data = slide.shapes[0]._element.graphic.graphicData
    data.set("uri", f"{DRAWING}/diagram")
    data[0].getparent().replace(
        data[0],
        parse_xml(f'<d:relIds xmlns:d="{DRAWING}/diagram" xmlns:r="{OFFICE}" r:dm="{name}"/>'),
    )
    presentation.save(path)
    assert ("list_item", 1, "- Valider") in outline(path)


def cache(kind, *values, code=""):
    points = "".join(f'<c:pt idx="{n}"><c:v>{value}</c:v></c:pt>' for n, value in enumerate(values))
    return f"<c:{kind}>{code and f'<c:formatCode>{code}</c:formatCode>'}{points}</c:{kind}>"


def axis(kind, title):
    text = f"<a:p><a:r><a:t>{title}</a:t></a:r></a:p>"
    return f"<c:{kind}><c:title><c:tx><c:rich>{text}</c:rich></c:tx></c:title></c:{kind}>"


def chart(*series, axes=""):
    told = "".join(f"<c:ser>{one}</c:ser>" for one in series)
    return (
        f'<c:chartSpace xmlns:c="{DRAWING}/chart" xmlns:a="{DRAWING}/main"><c:chart><c:plotArea>'
        f"<c:lineChart>{told}</c:lineChart>{axes}</c:plotArea></c:chart></c:chartSpace>"
    ).encode()


def between(path):
    return [text for _, _, text in outline(path)][1:-1]


MONTHS = f"<c:cat>{cache('strCache', 'mai', 'juin')}</c:cat>"
FIRST, SECOND = (f"<c:val>{cache('numCache', *pair)}</c:val>" for pair in ((1, 2), (3, 4)))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(
            chart('<c:errBars><c:val val="5"/></c:errBars>' + MONTHS + FIRST),
            ["1", "mai 1", "juin 2"],
            id="error bars have values too",
        ),
        pytest.param(
            chart(MONTHS + FIRST, SECOND),
            ["1 2", "mai 1 3", "juin 2 4"],
            id="categories are written once for all series",
        ),
        pytest.param(
            chart(
                MONTHS + FIRST,
                axes=axis("dateAx", "Mois") + axis("valAx", "k€") + axis("valAx", "%"),
            ),
            ["k€ – %", "Mois 1", "mai 1", "juin 2"],
            id="axes of dates, and a second one of values",
        ),
        pytest.param(
            chart(f"<c:val>{cache('numCache', 45000, code='yyyymmdd')}</c:val>"),
            ["1", "2023-03-15"],
            id="a date without signs between its parts",
        ),
        pytest.param(
            chart(f"<c:val>{cache('numCache', 1.5, code='[h]:mm')}</c:val>"),
            ["1", "1 day, 12:00:00"],
            id="a duration",
        ),
    ],
)  # fmt: skip
def test_what_office_writes_of_charts(tmp_path, content, told):
    rows = "\n".join(between(word_file(tmp_path / "x.docx", "chart", content))).split("\n")
    cells = [" ".join(row.replace("|", " ").split()) for row in rows if "---" not in row]
    assert cells == told


def test_charts_side_by_side_in_a_table_are_read_and_hidden_ones_are_not(tmp_path):
    path = word_file(tmp_path / "x.docx", "chart", chart(MONTHS + FIRST))
    document = docx.Document(path)
    reference = document.paragraphs[1]._p
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text = "Figure 1"
    table.cell(0, 1)._tc.append(reference)
    document.save(path)
    assert any("juin" in text for _, _, text in outline(path))
    reference.r_lst[0].get_or_add_rPr().append(parse_xml(f"<w:vanish {nsdecls('w')}/>"))
    document.save(path)
    assert not any("juin" in text for _, _, text in outline(path))


def test_a_drawing_that_is_not_in_the_file_costs_nothing_else(tmp_path):
    path = word_file(tmp_path / "x.docx", "chart", chart(MONTHS + FIRST))
    document = docx.Document(path)
    (name,) = (key for key, one in document.part.rels.items() if one.reltype == f"{OFFICE}/chart")
    document.part.rels[name]._is_external = True
    document.part.rels[name]._target = "https://example.org/chart.xml"
    document.save(path)
    assert [text for _, _, text in outline(path)] == ["Before.", "After."]


def test_the_links_of_a_diagram_may_say_anything(tmp_path):
    links = (("0", "1", "9" * 5000), ("0", "", "1"), ("0", "2", "1"), ("5", "5", "5"))
    path = word_file(tmp_path / "x.docx", "diagram", diagram(links))
    assert sorted(between(path)) == sorted(f"- {text}" for _, text in STEPS)
