"""The inputs of a row, computed as docs/preprocessing.md says, in plain Python, from the description and the arrays alone."""

import datetime
import math
import struct

DAY = 86_400_000_000
DURATIONS = (datetime.timedelta, datetime.time)


def inputs_of(description, medians, spreads, cells, dtype="float64"):
    """The inputs for a row of plain Python values; None is missing."""
    numbers, codes, indices = [], [], []
    for column, value in zip(description["columns"], cells, strict=True):
        kind = column["kind"]
        if kind == "categories":
            add_category(column, value, codes, indices)
        elif kind != "left_out":
            numbers += number_parts(column, value)
            codes += [float(value is None)] * column["missing_indicator"]
    values = zip([*numbers, *codes], medians, spreads, strict=True)
    inputs = [scaled(x, float(m), float(s)) for x, m, s in values]
    inputs = [*inputs, *map(float, indices)]
    if dtype == "float32":
        inputs = [struct.unpack("f", struct.pack("f", x))[0] for x in inputs]
    return inputs or [0.0]


def scaled(x, median, spread):
    if math.isnan(x):
        return 0.0
    z = min(max(ieee_quotient(x - median, spread), -1e9), 1e9)
    return z / math.sqrt(1 + (z / 3) * (z / 3))


def ieee_quotient(a, b):
    try:
        return a / b
    except ZeroDivisionError:
        raise AssertionError("a spread of 0") from None


def number_parts(column, value):
    if column["kind"] == "numbers":
        return [math.nan if value is None else float(value)]
    if column["kind"] == "durations":
        return [math.nan if value is None else microseconds(value) / 1000000]
    if value is None:
        return [math.nan] * len(column["parts"])
    return [time_part(part, value, column["first"]) for part in column["parts"]]


def microseconds(value):
    """A duration, a time of day, or a time since 1970."""
    if isinstance(value, datetime.time):
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return seconds * 1000000 + value.microsecond
    if not isinstance(value, datetime.timedelta):
        value = datetime.datetime(*value.timetuple()[:6], getattr(value, "microsecond", 0))
        value -= datetime.datetime(1970, 1, 1)
    return (value.days * 86400 + value.seconds) * 1000000 + value.microseconds


def time_part(part, value, first):
    t = microseconds(value)
    d = t // DAY
    return {
        "year": float(value.year),
        "month": float(value.month),
        "day_of_year": float(value.timetuple().tm_yday),
        "weekday": float((d + 3) % 7),
        "hour": float(t - DAY * d) / 3600000000,
        "days": float(t - first) / DAY,
    }[part]


def add_category(column, value, codes, indices):
    known = [category(described) for described in column["categories"]]
    code = column["missing"] if value is None else column["other"]
    if value in known:
        code = known.index(value)
    n = max(len(known), column["other"] + 1, column["missing"] + 1)
    if not column["one_hot"]:
        indices.append(code)
    elif n == 2:
        codes.append({0: 1.0, 1: -1.0, -1: 0.0}[code])
    else:
        codes += [float(i == code) for i in range(n)]


def category(described):
    if not isinstance(described, dict):
        return described
    [(name, text)] = described.items()
    return getattr(datetime, name).fromisoformat(text)
