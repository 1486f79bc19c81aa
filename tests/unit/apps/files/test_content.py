"""Bytes are shown as text where they are text, unchanged where they may be written back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextcloud_mcp_server.apps.files.content import decoded, markdown


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=80))
def test_utf_8_comes_back_unchanged(text: str) -> None:
    assert decoded(text.encode(), "text/plain;charset=UTF-8") == (text, None)


def test_line_ends_and_a_byte_order_mark_are_kept() -> None:
    assert decoded(b"\xef\xbb\xbfa\r\nb\r", "text/csv") == ("\ufeffa\r\nb\r", None)


@pytest.mark.parametrize(
    "kind", ["application/json", "application/octet-stream", "image/svg+xml", "application/x-yaml", "application/xml", "", "message/rfc822"]
)
def test_text_is_recognised_whatever_its_type(kind: str) -> None:
    assert decoded("{ü}".encode(), kind) == ("{ü}", None)


@pytest.mark.parametrize("kind", ["image/png", "audio/mpeg", "video/mp4", "application/pdf", "application/zip", "application/vnd.ms-excel"])
def test_a_binary_type_is_never_text(kind: str) -> None:
    assert decoded(b"looks like text", kind) is None


@pytest.mark.parametrize("data", [b"a\0b", b"\xff\xfe\x00", b"\x80\x81", bytes(range(256))])
def test_bytes_without_a_text_in_them_are_binary(data: bytes) -> None:
    assert decoded(data, "application/octet-stream") is None


def test_other_encodings_are_read_and_said() -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        mark = "\ufeff".encode(encoding)
        text, note = decoded(mark + "Grüße".encode(encoding), "text/plain") or ("", None)
        assert (text, "UTF-16" in (note or "")) == ("Grüße", True)
    text, note = decoded("Grüße – €".encode("cp1252"), "text/plain") or ("", None)
    assert (text, "Windows-1252" in (note or "")) == ("Grüße – €", True)


def test_markdown_marks_pages_lists_and_tables() -> None:
    text = "Title\n• first\n• second\n\nName\tAge\nAda\t36|7\nplain\x0cnext"
    start = text.index("\x0c") + 1
    assert markdown(text, (0, start)) == (
        "## Page 1\n\nTitle\n- first\n- second\n\n| Name | Age |\n| --- | --- |\n| Ada | 36\\|7 |\nplain\n\n## Page 2\n\nnext"
    )
    assert markdown("# Heading\n\n- one", ()) == "# Heading\n\n- one"
    assert markdown("", ()) == ""


@given(st.text(alphabet="ab\n\t• |", max_size=60), st.integers(0, 60))
def test_markdown_loses_no_word(text: str, at: int) -> None:
    made = markdown(text, (0, min(at, len(text))))
    assert [c for c in made.replace("## Page 1", "").replace("## Page 2", "") if c in "ab"] == [c for c in text if c in "ab"]
