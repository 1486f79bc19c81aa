"""The process that reads files: `python -m nextcloud_mcp_server.text.worker`, one request after the other.

Requests on stdin and answers on stdout are JSON, each after its length (4 bytes, big-endian). A request holds
`path`, `kind`, `limits`, `ocr`; answers are `{"page": n, "of": m}` and at the end `{"text": ...}` or `{"error": ...}`.
Address space and processor time are limited by the kernel; a reader that exceeds them dies alone.
"""

import json
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from nextcloud_mcp_server.text import office, parse, pdf, sheet
from nextcloud_mcp_server.text.model import Limits, Tesseract, Unreadable

TIERS = {"plain": "plain", "html": "html", "pdf": "pdf", "image": "ocr"}


def read(path: Path, kind: str, limits: Limits, ocr: Tesseract | None, step: parse.Step) -> dict[str, Any]:
    """Reads one file as `kind`; limits cut, bombs and damage raise Unreadable."""
    out = parse.Collector(limits, step)
    readers = {
        "plain": lambda: parse.read_plain(path, out),
        "html": lambda: parse.read_html(path, out),
        "pdf": lambda: pdf.read_pdf(path, out, ocr),
        "image": lambda: pdf.read_image(path, out, ocr),
        "docx": lambda: office.read_docx(path, out),
        "pptx": lambda: office.read_pptx(path, out),
        "odf": lambda: office.read_odf(path, out),
        "xlsx": lambda: sheet.read_xlsx(path, out),
    }
    with suppress(parse.Full):
        readers[kind]()
    found = out.result(TIERS.get(kind, "office"))
    return {"text": found.text, "tier": found.tier, "pages": found.pages, "notes": found.notes, "metadata": dict(found.metadata)}


def limit(limits: Limits) -> None:
    """Address space for good, processor time from now on. Systems without rlimits have only the parent's clock."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + limits.seconds) + 2, hard))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, hard))


def send(stream: BinaryIO, message: dict[str, Any]) -> None:
    raw = json.dumps(message).encode()
    stream.write(struct.pack(">I", len(raw)) + raw)
    stream.flush()


def receive(stream: BinaryIO) -> dict[str, Any] | None:
    head = stream.read(4)
    return json.loads(stream.read(struct.unpack(">I", head)[0])) if len(head) == 4 else None


def main() -> None:
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while request := receive(source):
        limits = Limits(**request["limits"])
        limit(limits)
        ocr = Tesseract(**request["ocr"]) if request["ocr"] else None
        try:
            answer = read(Path(request["path"]), request["kind"], limits, ocr, lambda done, of: send(sink, {"page": done, "of": of}))
        except Unreadable as error:
            answer = {"error": error.message, "hint": error.hint}
        except MemoryError:
            answer = {"error": f"Reading it takes more than {limits.memory // 2**20} MiB of memory.", "hint": Unreadable.hint}
        except (ValueError, KeyError, IndexError, OSError, RecursionError) as error:
            answer = {"error": f"The file is damaged ({type(error).__name__}).", "hint": Unreadable.hint}
        send(sink, answer)


if __name__ == "__main__":
    main()
