"""Names of units, currencies and signs, as data."""

# ruff: noqa: RUF001 (signs)

from typing import NamedTuple


class Currency(NamedTuple):
    """One and many of the whole, one and many of the hundredth ("" where none is in use)."""

    one: str
    many: str
    cent: str = ""
    cents: str = ""


def _dollar(name: str) -> Currency:
    return Currency(f"{name} dollar", f"{name} dollars", "cent", "cents")


_EURO = Currency("euro", "euros", "cent", "cents")
_POUND = Currency("pound", "pounds", "penny", "pence")
_YEN, _YUAN = Currency("yen", "yen"), Currency("yuan", "yuan")
_RUPEE = Currency("rupee", "rupees", "paisa", "paise")
CURRENCIES = {
    "$": Currency("dollar", "dollars", "cent", "cents"),
    "US$": _dollar("U S"), "U.S.$": _dollar("U S"), "CA$": _dollar("Canadian"),
    "C$": _dollar("Canadian"), "A$": _dollar("Australian"), "AU$": _dollar("Australian"),
    "NZ$": _dollar("New Zealand"), "HK$": _dollar("Hong Kong"), "S$": _dollar("Singapore"),
    "R$": Currency("real", "reais", "centavo", "centavos"),
    "€": _EURO, "£": _POUND, "¥": _YEN, "₹": _RUPEE, "₩": Currency("won", "won"),
    "₽": Currency("ruble", "rubles", "kopeck", "kopecks"),
    "₿": Currency("bitcoin", "bitcoin"), "₺": Currency("lira", "lira"),
    "₪": Currency("shekel", "shekels"), "₫": Currency("dong", "dong"),
    "₱": Currency("peso", "pesos"), "₴": Currency("hryvnia", "hryvnias"),
    "₦": Currency("naira", "naira"), "฿": Currency("baht", "baht"),
    "¢": Currency("cent", "cents"),
}  # fmt: skip
CODES_OF_MONEY = {
    "USD": _dollar("U S"), "EUR": _EURO, "GBP": _POUND, "JPY": _YEN, "CNY": _YUAN, "RMB": _YUAN,
    "CHF": Currency("Swiss franc", "Swiss francs"), "CAD": _dollar("Canadian"),
    "AUD": _dollar("Australian"), "NZD": _dollar("New Zealand"), "INR": _RUPEE,
    "SEK": Currency("Swedish krona", "Swedish kronor"),
    "NOK": Currency("Norwegian krone", "Norwegian kroner"),
    "DKK": Currency("Danish krone", "Danish kroner"), "PLN": Currency("zloty", "zlotys"),
    "BTC": Currency("bitcoin", "bitcoin"), "KRW": Currency("won", "won"),
    "MXN": Currency("Mexican peso", "Mexican pesos"), "zł": Currency("zloty", "zlotys"),
    "Rs.": _RUPEE, "Rs": _RUPEE,
}  # fmt: skip
SCALES = {
    "k": "thousand", "m": "million", "mn": "million", "mm": "million", "b": "billion",
    "bn": "billion", "t": "trillion", "tn": "trillion",
}  # fmt: skip

UNITS = {
    "km": "kilometer", "kms": "kilometer", "cm": "centimeter", "cms": "centimeter",
    "mm": "millimeter", "nm": "nanometer", "mcm": "micrometer", "m": "meter", "dm": "decimeter",
    "in.": "inch", "in": "inch", "ft": "foot", "ft.": "foot", "yd": "yard", "yds": "yard",
    "yd.": "yard", "mi": "mile", "mi.": "mile",
    "kg": "kilogram", "kgs": "kilogram", "g": "gram", "gm": "gram", "gms": "gram",
    "mg": "milligram",
    "mcg": "microgram", "lb": "pound", "lbs": "pound", "lb.": "pound",
    "lbs.": "pound", "oz": "ounce", "oz.": "ounce", "fl oz": "fluid ounce",
    "fl. oz.": "fluid ounce", "gal": "gallon", "gal.": "gallon", "qt": "quart", "pt": "pint",
    "tsp": "teaspoon", "tsp.": "teaspoon", "tbsp": "tablespoon", "tbsp.": "tablespoon",
    "L": "liter", "l": "liter", "ml": "milliliter", "mL": "milliliter", "cl": "centiliter",
    "dl": "deciliter", "dL": "deciliter",
    "s": "second", "sec": "second", "secs": "second", "sec.": "second", "min": "minute",
    "mins": "minute", "min.": "minute", "h": "hour", "hr": "hour", "hrs": "hour", "hr.": "hour",
    "hrs.": "hour", "ms": "millisecond", "mcs": "microsecond",
    "mcL": "microliter", "mcl": "microliter", "mcF": "microfarad",
    "mcA": "microamp", "mcV": "microvolt", "ns": "nanosecond",
    "wk": "week", "wks": "week", "mo.": "month", "mos": "month", "yr": "year", "yrs": "year",
    "yr.": "year", "yrs.": "year",
    "kB": "kilobyte", "KB": "kilobyte", "MB": "megabyte", "GB": "gigabyte",
    "TB": "terabyte", "PB": "petabyte", "KiB": "kibibyte", "MiB": "mebibyte", "GiB": "gibibyte",
    "Mb": "megabit", "Gb": "gigabit",
    "kbps": "kilobit per second", "Kbps": "kilobit per second", "Mbps": "megabit per second",
    "Gbps": "gigabit per second", "Mbit": "megabit", "Gbit": "gigabit",
    "Hz": "hertz", "kHz": "kilohertz", "KHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz",
    "W": "watt", "kW": "kilowatt", "MW": "megawatt", "GW": "gigawatt", "Wh": "watt hour",
    "kWh": "kilowatt hour", "MWh": "megawatt hour", "V": "volt", "kV": "kilovolt",
    "mV": "millivolt", "A": "amp", "mA": "milliamp", "mAh": "milliamp hour", "Ah": "amp hour",
    "Ω": "ohm", "kΩ": "kilohm", "J": "joule", "kJ": "kilojoule", "kcal": "kilocalorie",
    "cal": "calorie", "Pa": "pascal", "hPa": "hectopascal", "kPa": "kilopascal", "N": "newton",
    "psi": "P S I", "bar": "bar", "dB": "decibel", "hp": "horsepower", "lm": "lumen",
    "rpm": "revolution per minute", "bpm": "beat per minute", "fps": "frame per second",
    "dpi": "dot per inch", "ppm": "part per million", "px": "pixel", "MP": "megapixel",
    "c.": "cup", "deg": "degree", "deg.": "degree",
    "ha": "hectare", "sq ft": "square foot", "sq. ft.": "square foot", "sqft": "square foot",
    "sq m": "square meter", "sq km": "square kilometer", "sq mi": "square mile",
    "sq. mi.": "square mile", "sq. m": "square meter", "sq. km": "square kilometer",
    "cu ft": "cubic foot", "cc": "C C", "mph": "mile per hour", "kph": "kilometer per hour",
    "kmh": "kilometer per hour", "mpg": "mile per gallon", "km/h": "kilometer per hour",
    "m/s": "meter per second", "km/s": "kilometer per second", "ft/s": "foot per second",
    "MB/s": "megabyte per second", "GB/s": "gigabyte per second", "Mb/s": "megabit per second",
    "m/s^2": "meter per second squared", "g/cm^3": "gram per cubic centimeter",
    "kg/m^3": "kilogram per cubic meter", "mg/L": "milligram per liter",
    "mg/dL": "milligram per deciliter", "mg/kg": "milligram per kilogram", "g/L": "gram per liter",
    "l/100km": "liter per hundred kilometers", "kg/m": "kilogram per meter",
    "°C": "degree Celsius", "°F": "degree Fahrenheit", "° C": "degree Celsius",
    "° F": "degree Fahrenheit", "°N": "degree north", "°S": "degree south", "°E": "degree east",
    "°W": "degree west", "° N": "degree north", "° S": "degree south", "° W": "degree west",
    "° E": "degree east", "°": "degree",
}  # fmt: skip
"""A sign to its name in the singular; "mc" is micro."""

SIGNS = {
    "&": "and", "@": "at", "+": "plus", "=": "equals", "×": "times", "÷": "divided by",
    "±": "plus or minus", "%": "percent", "©": "copyright", "→": "to", "⇒": "implies",
    "←": "from", "≈": "approximately equals", "≅": "approximately equals", "√": "square root of",
    "∞": "infinity", "§": "section", "¶": "paragraph", "°": "degrees", "∑": "the sum of",
    "∫": "the integral of", "∂": "partial", "∆": "delta", "∈": "in", "∪": "union",
    "∩": "intersection", "∅": "the empty set", "∀": "for all", "∃": "there exists",
    "¬": "not", "∧": "and", "∨": "or", "∝": "is proportional to", "↔": "to and from",
    "↑": "up", "↓": "down", "‰": "per mille", "№": "number",
    "•": ",", "·": ",", "|": ",", "‖": ",", "¦": ",", "‣": ",",
}  # fmt: skip
RELATIONS = {
    "<=": "less than or equal to", ">=": "greater than or equal to", "≤": "less than or equal to",
    "≥": "greater than or equal to", "≠": "not equal to", "!=": "not equal to",
    "<": "less than", ">": "greater than", "≪": "much less than", "≫": "much greater than",
}  # fmt: skip
