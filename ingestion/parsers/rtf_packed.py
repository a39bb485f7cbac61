"""The packed rich text of Outlook messages ([MS-OXRTFCP])."""

from __future__ import annotations

import struct

from assistant.errors import ParseError

MOST_BYTES = 64 * 2**20

_PACKED, _PLAIN = b"LZFu", b"MELA"
_WINDOW = 4096
_FIRST_WORDS = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss "
    b"\\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier"
    b"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the window holds before the first byte is unpacked (section 2.1.2.1)."""


def unpack_rtf(data: bytes) -> bytes:
    """Rich text from the value of PidTagRtfCompressed.

    Raises:
        ParseError: damaged, or unpacked to more than `MOST_BYTES`.
    """
    if len(data) < 16 or data[8:12] not in (_PACKED, _PLAIN):
        raise ParseError("damaged: the message's rich text cannot be unpacked")
    stated = struct.unpack_from("<I", data, 4)[0]
    if data[8:12] == _PLAIN:
        return data[16 : 16 + stated]
    window = bytearray(_FIRST_WORDS.ljust(_WINDOW, b"\0"))
    write = len(_FIRST_WORDS)
    out = bytearray()
    position = 16
    while position < len(data):
        control = data[position]
        position += 1
        for bit in range(8):
            if control >> bit & 1:
                if position + 1 >= len(data):
                    return bytes(out)
                reference = data[position] << 8 | data[position + 1]
                position += 2
                offset, length = reference >> 4, (reference & 15) + 2
                if offset == write:
                    return bytes(out)  # the mark of the end
                piece = bytearray()
                for step in range(length):
                    byte = window[(offset + step) % _WINDOW]
                    piece.append(byte)
                    window[write] = byte
                    write = (write + 1) % _WINDOW
                out += piece
            else:
                if position >= len(data):
                    return bytes(out)
                out.append(data[position])
                window[write] = data[position]
                write = (write + 1) % _WINDOW
                position += 1
        if len(out) > MOST_BYTES:
            raise ParseError("unsafe: the message's rich text unpacks to more than 64 MiB")
    return bytes(out)
