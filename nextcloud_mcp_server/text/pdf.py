"""PDF by pypdfium2, page by page; pages without text go to Tesseract when it is enabled."""

import subprocess
from pathlib import Path
from typing import Any

from nextcloud_mcp_server.text.model import Tesseract, Unreadable
from nextcloud_mcp_server.text.parse import Collector

OCR_SCALE = 300 / 72
MAX_PIXELS = 40_000_000


def read_pdf(path: Path, out: Collector, ocr: Tesseract | None = None) -> None:
    """Raises Unreadable for a damaged or encrypted file, and says how to get the library where it is missing."""
    try:
        import pypdfium2 as pdfium
    except ImportError:
        raise Unreadable("PDF files cannot be read here.", hint="Install the extra [documents].") from None
    try:
        document: Any = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        problem = "encrypted" if "password" in str(error).lower() else "damaged"
        raise Unreadable(f"The PDF is {problem}.") from None
    total = len(document)
    for key in ("Title", "Author", "Subject", "Keywords"):
        value = document.get_metadata_value(key).strip()
        if value:
            out.metadata[key.lower()] = value[:500]
    empty = 0
    for number in range(1, total + 1):
        out.page(number, total)
        text = _page_text(document, number - 1, out, ocr)
        empty += not text
        out.add(text + "\n\n")
    if empty and not ocr:
        out.notes.append(f"{empty} of {total} pages hold no text (scans need Tesseract)")


def _page_text(document: Any, index: int, out: Collector, ocr: Tesseract | None) -> str:
    import pypdfium2 as pdfium

    try:
        page = document[index]
    except pdfium.PdfiumError:
        out.notes.append(f"page {index + 1} is damaged")
        return ""
    try:
        text_page = page.get_textpage()
        text = text_page.get_text_range().replace("\r\n", "\n").replace("\0", "").replace("￾", "").strip()
        text_page.close()
        return text or (recognise(_picture(page), ocr, out.limits.seconds) if ocr else "")
    finally:
        page.close()


def _picture(page: Any) -> bytes:
    """A page at 300 dpi as a PGM image, which Tesseract takes and no imaging library has to make."""
    width, height = page.get_size()
    scale = min(OCR_SCALE, (MAX_PIXELS / max(1.0, width * height)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    raw = bytes(bitmap.buffer)
    rows = b"".join(raw[row * bitmap.stride : row * bitmap.stride + bitmap.width] for row in range(bitmap.height))
    return b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + rows


def read_image(path: Path, out: Collector, ocr: Tesseract | None) -> None:
    if not ocr:
        raise Unreadable("Images hold no text that can be read here.", hint="Enable Tesseract to recognise the text of images.")
    out.add(recognise(path.read_bytes(), ocr, out.limits.seconds))


def recognise(picture: bytes, ocr: Tesseract, seconds: float) -> str:
    """The text in an image (PNG, JPEG, TIFF, PNM). The caller's environment holds OMP_THREAD_LIMIT=1: 20 times faster on two cores."""
    command = [ocr.command, "stdin", "stdout", "-l", ocr.languages]
    try:
        done = subprocess.run(command, input=picture, capture_output=True, timeout=seconds, check=False)  # noqa: S603 - an administrator's command
    except FileNotFoundError:
        raise Unreadable(f"Tesseract is not there: {ocr.command}.", hint="Install it or correct TESSERACT_CMD.") from None
    except subprocess.TimeoutExpired:
        raise Unreadable(f"Tesseract did not finish within {seconds:.0f} s.") from None
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise Unreadable(f"Tesseract failed: {' '.join(reason)[:200]}", hint="Check TESSERACT_LANG and the image.")
    return done.stdout.decode("utf-8", "replace").strip()
