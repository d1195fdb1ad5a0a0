"""Whether two pdfs draw the same, up to the last digits of coordinates, which vary from process to process."""

import re
import zlib

import numpy as np

NUMBER = re.compile(rb"[-+]?(?:\d+\.?\d*|\.\d+)")
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
# Lengths of streams and places of objects follow from the digits of the rest.
BOOKKEEPING = re.compile(rb"^\d+ 0 obj\s+\d+\s+endobj\s|^xref\s.*", re.DOTALL | re.MULTILINE)
POINTS = 0.01  # 1/7200 of an inch


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
