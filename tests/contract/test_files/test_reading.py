"""Reading: text as text, documents as their text, the rest as bytes, and the size of it said."""

import base64
import io
import zipfile

import pytest

from nextcloud_mcp_server.apps.files.reading import RAW_MAX
from tests.contract.test_files.conftest import Answers
from tests.support.assistant import Assistant
from tests.unit.text.conftest import pdf

PDF = pdf(["Hello from page one", "And page two"], title="A report")


async def put(alice: Assistant, path: str, data: bytes) -> str:
    written = await alice.call("nc_webdav_write_file", path=path, content=base64.b64encode(data).decode(), encoding="base64")
    return written["etag"]


def docx(text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        archive.writestr("word/document.xml", f"<w:document {space}><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>")
    return out.getvalue()


async def test_a_text_pdf_reads_as_its_text(alice: Assistant, folder: str) -> None:
    etag = await put(alice, f"{folder}/a.pdf", PDF)
    for arguments in ({}, {"parse_document": "auto"}, {"parse_document": "AUTO"}):
        read = await alice.call("nc_webdav_read_file", path=f"{folder}/a.pdf", **arguments)
        assert (read["parse_status"], read["parse_tier"], read["content_format"], read["parse_notes"]) == ("parsed", "fast", "text", [])
        assert (read["parsed"], read["parse_processor"], read["etag"]) == (True, "pypdfium2", etag)
        assert (read["size"], read["content_type"]) == (len(PDF), "application/pdf")
        assert read["parsing_metadata"] == {"title": "A report", "pages": 2}
        assert "Hello from page one" in read["content"]
        assert "encoding" not in read


async def test_a_pdf_reads_as_markdown_with_its_pages(alice: Assistant, folder: str) -> None:
    etag = await put(alice, f"{folder}/a.pdf", PDF)
    read = await alice.call("nc_webdav_read_file", path=f"{folder}/a.pdf", parse_document="markdown")
    assert read["content"] == "## Page 1\n\nHello from page one\n\n## Page 2\n\nAnd page two"
    assert (read["parse_status"], read["parse_tier"], read["content_format"], read["etag"]) == ("parsed", "structured", "markdown", etag)


async def test_a_raw_pdf_is_its_bytes(alice: Assistant, folder: str) -> None:
    etag = await put(alice, f"{folder}/a.pdf", PDF)
    read = await alice.call("nc_webdav_read_file", path=f"{folder}/a.pdf", parse_document="raw")
    assert base64.b64decode(read["content"]) == PDF
    assert (read["parse_status"], read["parsed"], read["encoding"], read["content_format"]) == ("skipped", False, "base64", "base64")
    assert read["etag"] == etag


async def test_an_office_file_reads_as_its_text(alice: Assistant, folder: str) -> None:
    await put(alice, f"{folder}/a.docx", docx("Grüße aus Word"))
    read = await alice.call("nc_webdav_read_file", path=f"{folder}/a.docx")
    assert (read["content"].strip(), read["parse_status"], read["parse_processor"]) == ("Grüße aus Word", "parsed", "embedded")


@pytest.mark.parametrize(("file", "data"), [("a.pdf", b"%PDF-1.4 damaged"), ("a.docx", b"PK\x03\x04 damaged")])
async def test_a_damaged_document_is_said_to_be_and_given_as_bytes(alice: Assistant, folder: str, file: str, data: bytes) -> None:
    await put(alice, f"{folder}/{file}", data)
    read = await alice.call("nc_webdav_read_file", path=f"{folder}/{file}")
    assert (read["parse_status"], read["parsed"], read["content_format"]) == ("failed", False, "base64")
    assert "damaged" in read["parse_notes"][0]
    assert base64.b64decode(read["content"]) == data


@pytest.mark.parametrize("mode", ["auto", "markdown", "raw"])
async def test_a_text_file_is_no_document(alice: Assistant, folder: str, mode: str) -> None:
    await alice.call("nc_webdav_write_file", path=f"{folder}/a.md", content="# A")
    read = await alice.call("nc_webdav_read_file", path=f"{folder}/a.md", parse_document=mode)
    assert (read["content"], read["parse_status"], read["content_format"], read["parsed"]) == ("# A", "not_applicable", "text", False)


async def test_a_web_page_is_its_source_unless_markdown_is_wanted(alice: Assistant, folder: str) -> None:
    source = "<h1>Title</h1><p>Some <b>words</b></p>"
    await alice.call("nc_webdav_write_file", path=f"{folder}/a.html", content=source)
    assert (await alice.call("nc_webdav_read_file", path=f"{folder}/a.html"))["content"] == source
    read = await alice.call("nc_webdav_read_file", path=f"{folder}/a.html", parse_document="markdown")
    assert (read["content"].split(), read["content_format"]) == (["#", "Title", "Some", "words"], "markdown")


async def test_text_in_another_encoding_is_read_and_said(alice: Assistant, folder: str) -> None:
    await put(alice, f"{folder}/a.txt", "Grüße €".encode("cp1252"))
    read = await alice.call("nc_webdav_read_file", path=f"{folder}/a.txt")
    assert (read["content"], read["content_format"]) == ("Grüße €", "text")
    assert "Windows-1252" in read["parse_notes"][0]


async def test_an_empty_file_has_no_content(alice: Assistant, folder: str) -> None:
    await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="")
    read = await alice.call("nc_webdav_read_file", path=f"{folder}/a.txt")
    assert (read["content"], read["size"], read["parse_status"]) == ("", 0, "not_applicable")


@pytest.mark.parametrize(("file", "more"), [("a.bin", 0), ("a.bin", 1), ("a.txt", 1), ("a.pdf", 1)])
async def test_what_is_over_5_mib_raw_is_not_shown_but_said(alice: Assistant, raw: Answers, folder: str, file: str, more: int) -> None:
    await raw("PUT", f"{folder}/{file}", data=io.BytesIO(b"\0" * (RAW_MAX + more)))
    read = await alice.call("nc_webdav_read_file", path=f"{folder}/{file}", parse_document="raw")
    assert read["size"] == RAW_MAX + more
    if more:
        assert (read["content"], "larger than 5 MiB" in read["parse_notes"][-1]) == ("", True)
    else:
        assert (len(read["content"]) // 4, read["parse_notes"]) == ((RAW_MAX + 2) // 3, [])


async def test_a_large_document_that_cannot_be_read_shows_nothing(alice: Assistant, raw: Answers, folder: str) -> None:
    await raw("PUT", f"{folder}/a.pdf", data=io.BytesIO(b"\0" * (RAW_MAX + 1)))
    read = await alice.call("nc_webdav_read_file", path=f"{folder}/a.pdf")
    assert (read["content"], read["parse_status"], len(read["parse_notes"])) == ("", "failed", 2)


async def test_a_long_text_is_cut_with_a_word_on_how_to_go_on(alice: Assistant, folder: str) -> None:
    await alice.call("nc_webdav_write_file", path=f"{folder}/a.txt", content="é" * 50_001)
    first = await alice.call("nc_webdav_read_file", path=f"{folder}/a.txt")
    assert (len(first["content"]), "offset=50000" in first["note"]) == (50_000, True)
    rest = await alice.call("nc_webdav_read_file", path=f"{folder}/a.txt", offset=50_000)
    assert (rest["content"], "note" in rest) == ("é", False)
