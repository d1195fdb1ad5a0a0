"""Whether a picture is whole, and whether two pdfs draw the same.

Two pdfs may differ in the last digits of coordinates, which vary from process to process.
"""

import io
import re
import zlib

import numpy as np
from PIL import Image

NUMBER = re.compile(rb"[-+]?(?:\d+\.?\d*|\.\d+)")
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
# Lengths of streams and places of objects follow from the digits of the rest.
BOOKKEEPING = re.compile(rb"^\d+ 0 obj\s+\d+\s+endobj\s|^xref\s.*", re.DOTALL | re.MULTILINE)
POINTS = 0.01  # 1/7200 of an inch
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"


def is_whole(name: str, content: bytes) -> bool:
    """Whether the bytes are a png whose parts have their checksums and nothing more, or begin and end as a pdf."""
    if name.endswith("pdf"):
        return content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
    try:
        Image.open(io.BytesIO(content), formats=["PNG"]).verify()
    except (OSError, SyntaxError, ValueError):
        return False
    return content.find(PNG_END) == len(content) - len(PNG_END)


def draw_the_same(first: bytes, second: bytes) -> bool:
    """Whether two pdfs have the same text, fonts, images and drawing commands, and coordinates within ``POINTS``."""
    parts = _parts(first), _parts(second)
    return len(parts[0]) == len(parts[1]) and all(map(_close, *parts))


def _parts(content: bytes) -> list[bytes]:
    """The streams of a pdf, unpacked, and what is around them."""
    streams = [_unpacked(stream) for stream in STREAM.findall(content)]
    around = STREAM.sub(b"stream", content)
    return [*streams, BOOKKEEPING.sub(b"", around)]


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def _close(first: bytes, second: bytes) -> bool:
    if first == second:
        return True
    if NUMBER.sub(b"0", first) != NUMBER.sub(b"0", second):
        return False
    found, wanted = (np.array(NUMBER.findall(part), dtype=float) for part in (first, second))
    return bool(np.allclose(found, wanted, rtol=0, atol=POINTS))
