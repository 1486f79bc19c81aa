"""Every format yields the text a person sees in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nextcloud_mcp_server.core.errors import TooLarge
from nextcloud_mcp_server.text import Engines, Limits, Readers, Remote, Tesseract, Unreadable, readable_type
from tests.unit.text.conftest import MakeZip, pdf

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
RELS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Grüße\r\nan alle".encode(), "Grüße\nan alle"),
        ("Grüße".encode("cp1252"), "Grüße"),
        ("\ufeffGrüße".encode(), "Grüße"),
        ("Grüße".encode("utf-16"), "Grüße"),
        (b"a\0b", "ab"),
        (b"", ""),
    ],
)
async def test_plain_text_is_decoded_whatever_its_encoding(raw: bytes, text: str, readers: Readers) -> None:
    found = await readers.extract(pieces(raw), "text/plain; charset=unknown")
    assert (found.text, found.tier, found.pages) == (text, "plain", ())


async def test_a_large_plain_text_is_read_in_the_process_apart(readers: Readers, tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_text("wörter und mehr\n" * 100_000)
    found = await readers.extract(path, "text/markdown", Limits(chars=1_000_000))
    assert len(found.text) == 1_000_000
    assert found.notes == ("cut after 1,000,000 characters",)


async def test_html_yields_visible_text_with_its_headings(readers: Readers) -> None:
    page = b"""<html><head><title>Trip &amp; more</title><style>p{}</style><script>alert(1)</script></head>
      <body><h2>Day <b>one</b></h2><p>We   went\nto <i>Rome</i>.</p><ul><li>bread<li>wine</ul>
      <table><tr><td>a</td><td>b</td></tr></table><script>var x = '<p>no</p>'</script><div>end</div></body></html>"""
    found = await readers.extract(pieces(page[:60], page[60:]), "text/html")
    assert found.metadata == {"title": "Trip & more"}
    assert [line for line in found.text.split("\n") if line.strip()] == [
        "## Day one",
        "We went to Rome.",
        "- bread",
        "- wine",
        "a\tb",
        "end",
    ]


async def test_a_pdf_yields_pages_with_their_offsets_and_its_title(readers: Readers) -> None:
    seen: list[tuple[int, int]] = []

    async def progress(done: int, total: int) -> None:
        seen.append((done, total))

    found = await readers.extract(pieces(pdf(["First page", "", "Third page"], title="Manual")), "application/pdf", progress=progress)
    assert found.metadata["title"] == "Manual"
    assert found.text.split() == ["First", "page", "Third", "page"]
    assert [found.page_at(found.text.index(word)) for word in ("First", "Third")] == [1, 3]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert found.notes == ("1 of 3 pages hold no text (scans need Tesseract)",)


async def test_a_pdf_of_too_many_pages_is_cut_and_says_so(readers: Readers) -> None:
    found = await readers.extract(pieces(pdf([f"page {n}" for n in range(1, 31)])), "application/pdf", Limits(pages=10))
    assert len(found.pages) == 10
    assert "page 10" in found.text
    assert "page 11" not in found.text
    assert found.notes == ("cut after 10 of 30 pages",)


async def test_word_yields_paragraphs_headings_tables_and_footnotes(readers: Readers, make_zip: MakeZip) -> None:
    body = f"""<?xml version="1.0"?><w:document {W}><w:body>
      <w:p><w:pPr><w:pStyle w:val="Heading2"/></w:pPr><w:r><w:t>The plan</w:t></w:r></w:p>
      <w:p><w:r><w:t>Buy </w:t></w:r><w:r><w:t xml:space="preserve">bread</w:t><w:tab/><w:t>now</w:t><w:br/></w:r>
      <w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>
      <w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
      </w:body></w:document>"""
    notes = f"<w:footnotes {W}><w:footnote><w:p><w:r><w:t>A footnote</w:t></w:r></w:p></w:footnote></w:footnotes>"
    core = '<c xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>My plan</dc:title><dc:creator>Alice</dc:creator></c>'
    path = make_zip("plan.docx", {"word/document.xml": body, "word/footnotes.xml": notes, "docProps/core.xml": core})
    found = await readers.extract(path, DOCX)
    assert found.text.split("\n") == ["## The plan", "", "Buy bread\tnow", "", "a\tb\t", "A footnote", "", ""]
    assert found.metadata == {"title": "My plan", "author": "Alice"}


async def test_slides_come_in_the_order_of_the_presentation(readers: Readers, make_zip: MakeZip) -> None:
    a = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    link = '<Relationship Id="{}" Target="{}"/>'
    path = make_zip(
        "talk.pptx",
        {
            "ppt/presentation.xml": f'<p:p xmlns:p="p" {R}><p:sldId id="256" r:id="r2"/><p:sldId id="257" r:id="r1"/></p:p>',
            "ppt/_rels/presentation.xml.rels": f"<Relationships {RELS}>{link.format('r1', 'slides/slide1.xml')}"
            f"{link.format('r2', '/ppt/slides/slide2.xml')}</Relationships>",
            "ppt/slides/slide1.xml": f"<s {a}><a:p><a:r><a:t>Second</a:t></a:r></a:p></s>",
            "ppt/slides/slide2.xml": f"<s {a}><a:p><a:r><a:t>First</a:t></a:r></a:p></s>",
            "ppt/slides/_rels/slide2.xml.rels": f"<Relationships {RELS}>{link.format('n', '../notesSlides/n1.xml')}</Relationships>",
            "ppt/notesSlides/n1.xml": f"<s {a}><a:p><a:r><a:t>Say hello</a:t></a:r></a:p></s>",
        },
    )
    found = await readers.extract(path, PPTX)
    assert found.text.split("\n\n") == ["First", "Say hello", "Second", ""]
    assert found.page_at(found.text.index("Second")) == 2


async def test_a_workbook_yields_rows_of_every_sheet(readers: Readers, make_zip: MakeZip) -> None:
    path = make_zip(
        "costs.xlsx",
        {
            "xl/workbook.xml": f'<workbook xmlns="m" {R}><sheets><sheet name="Costs" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships {RELS}><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/sharedStrings.xml": "<sst><si><t>Rent</t></si><si><r><t>Fo</t></r><r><t>od</t></r></si></sst>",
            "xl/worksheets/sheet1.xml": '<worksheet><row><c t="s"><v>0</v></c><c><v>900.5</v></c><c t="b"><v>1</v></c></row>'
            '<row><c t="s"><v>1</v></c><c t="inlineStr"><is><t>cheap</t></is></c><c t="s"><v>99</v></c></row><row><c/></row></worksheet>',
        },
    )
    found = await readers.extract(path, XLSX)
    assert found.text.split("\n") == ["## Costs", "", "Rent\t900.5\tTRUE", "Food\tcheap", "", ""]


async def test_opendocument_yields_headings_paragraphs_and_spaces(readers: Readers, make_zip: MakeZip) -> None:
    names = 'xmlns:text="urn:t" xmlns:office="urn:o" xmlns:table="urn:b"'
    content = f"""<office:document {names}><office:body><text:h text:outline-level="3">Goal</text:h>
      <text:p>Two<text:s text:c="3"/>words<text:line-break/><text:span>more</text:span></text:p>
      <table:table table:name="T"><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row></table:table>
      </office:body></office:document>"""
    found = await readers.extract(make_zip("a.odt", {"content.xml": content}), ODT)
    assert found.text.split("\n") == ["### Goal", "", "Two   words", "more", "", "## T", "", "x\t", ""]


@pytest.mark.parametrize("mime_type", ["application/zip", "video/mp4", ""])
async def test_a_type_without_text_is_refused_by_name(mime_type: str, readers: Readers) -> None:
    assert not readable_type(mime_type)
    with pytest.raises(Unreadable, match="hold no text"):
        await readers.extract(pieces(b"x"), mime_type)


async def test_a_file_over_the_byte_limit_is_refused_before_it_is_all_there(tmp_path: Path) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 1000

    async with Readers(limits=Limits(bytes=5000)) as readers:
        with pytest.raises(TooLarge, match="limit"):
            await readers.extract(endless(), "text/plain")
    assert taken == 6


def test_images_are_readable_only_with_tesseract_or_a_service() -> None:
    assert not readable_type("image/png")
    assert readable_type("image/png", Engines(tesseract=Tesseract()))
    assert readable_type("image/webp", Engines(remotes=(Remote("docling", "http://x", ("image/*",)),)))
