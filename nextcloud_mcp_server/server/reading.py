"""How text is read out of files, by the settings: for the tools and for the index alike."""

from collections.abc import Iterator

from nextcloud_mcp_server.settings import SettingsError
from nextcloud_mcp_server.settings.search import Documents
from nextcloud_mcp_server.text import Engines, Limits, Readers, Remote, Tesseract
from nextcloud_mcp_server.text.types import OFFICE

DOCLING = ("image/*",)
UNSTRUCTURED = ("application/pdf", "image/*", *OFFICE)
LARGEST_MB = 1024.0


def readers_of(documents: Documents) -> Readers:
    """Nothing is started before the first file. Raises SettingsError."""
    return Readers(_engines(documents), Limits(bytes=int((documents.max_pdf_mb or LARGEST_MB) * 2**20)))


def _engines(documents: Documents) -> Engines:
    """Services first in the order custom, Docling, Unstructured; they see only the types that they are for."""
    tesseract = Tesseract(documents.tesseract_cmd or "tesseract", documents.tesseract_lang) if documents.tesseract else None
    return Engines(tesseract, tuple(_remotes(documents)))


def _remotes(documents: Documents) -> Iterator[Remote]:
    if documents.custom:
        if not documents.custom_url:
            raise SettingsError("CUSTOM_PROCESSOR_URL is missing: ENABLE_CUSTOM_PROCESSOR needs its address.")
        key = documents.custom_key.get_secret_value() if documents.custom_key else ""
        name, seconds = documents.custom_name, documents.custom_timeout
        yield Remote("custom", documents.custom_url, documents.custom_types, name, key, seconds)
    if documents.docling:
        if not documents.docling_url:
            raise SettingsError("DOCLING_API_URL is missing: ENABLE_DOCLING needs its address.")
        yield Remote("docling", documents.docling_url, DOCLING)
    if documents.unstructured:
        options = {"strategy": documents.unstructured_strategy, "languages": ",".join(documents.unstructured_languages)}
        seconds = documents.unstructured_timeout
        yield Remote("unstructured", documents.unstructured_url, UNSTRUCTURED, seconds=seconds, options=options)
