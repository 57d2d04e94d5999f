"""CBOR, as far as the protocol of that name writes it."""

import datetime
import struct

TIME = 1
SIMPLE = {20: False, 21: True, 22: None}
FLOATS = {25: ">e", 26: ">f", 27: ">d"}


class Time(float):
    """Seconds since the Unix epoch, tagged as such."""


def dumps(value):
    if value is None or isinstance(value, bool):
        return bytes([7 << 5 | next(code for code, known in SIMPLE.items() if known is value)])
    if isinstance(value, datetime.datetime):
        return dumps(Time(value.timestamp()))
    if isinstance(value, Time):
        return head(6, TIME) + dumps(float(value))
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(dumps, value))
    return head(5, len(value)) + b"".join(dumps(key) + dumps(item) for key, item in value.items())


def head(major, number):
    """The first bytes of an item: what it is, and how long or how much."""
    if number < 24:
        return bytes([major << 5 | number])
    size = next(size for size in range(4) if number < 1 << (8 << size))
    return bytes([major << 5 | 24 + size]) + number.to_bytes(1 << size, "big")


def loads(data):
    """Reads one document, and nothing behind it; raises ValueError where it is none, or says a member twice."""
    try:
        value, rest = item(data)
    except (IndexError, struct.error) as error:
        raise ValueError("it ends too early") from error
    if rest:
        raise ValueError(f"{len(rest)} bytes too many")
    return value


def item(data):
    major, minor, data = data[0] >> 5, data[0] & 31, data[1:]
    if major == 7 and minor in SIMPLE:
        return SIMPLE[minor], data
    if major == 7 and minor in FLOATS:
        size = 1 << minor - 24
        return struct.unpack(FLOATS[minor], data[:size])[0], data[size:]
    if major == 7 or minor > 27:
        raise ValueError(f"an item of kind {major}.{minor}")
    size = 0 if minor < 24 else 1 << minor - 24
    number, data = minor if size == 0 else int.from_bytes(data[:size], "big"), data[size:]
    if major < 2:
        return number if major == 0 else -1 - number, data
    if major in (2, 3):
        if len(data) < number:
            raise IndexError
        return data[:number] if major == 2 else data[:number].decode(), data[number:]
    if major == 4:
        items = []
        for _ in range(number):
            one, data = item(data)
            items.append(one)
        return items, data
    if major == 6:
        value, data = item(data)
        return Time(value) if number == TIME else value, data
    members = {}
    for _ in range(number):
        key, data = item(data)
        if key in members:
            raise ValueError(f"the member {key} comes twice")
        members[key], data = item(data)
    return members, data
