"""Names that break software, sorted by what must become of them. Escapes keep the file readable."""

import unicodedata
from typing import Final

SCRIPTS: Final = (
    "Zoë O’Hara-Müller", "Nguyễn Thị Bích Ngọc", "Софья Ковалевская", "Ὑπατία",
    "Տիգրան Պետրոսյան", "ნინო ქათამაძე", "محمد بن موسى الخوارزمي", "מאיה כהן",
    "श्रीनिवास रामानुजन्", "সত্যেন্দ্রনাথ বসু", "சுப்பிரமணியன்", "ಸುಧಾ ಮೂರ್ತಿ", "సుబ్బారావు",
    "ณัฐชัย", "ສົມຈິດ", "ភីម", "မြတ်နိုး", "አበበ ቢቂላ", "ᏍᏏᏉᏯ", "陳省身", "高木貞治 たかぎ",
    "ﾔﾏﾀﾞ ﾀﾛｳ", "허준이", "ᠮᠣᠩᠭᠣᠯ", "བསྟན་འཛིན", "ߒߞߏ", "ᐃᓄᒃᑎᑐᑦ", "ⵜⵉⴼⵉⵏⴰⵖ", "Æthelrǣd Þórsson",
    "Ngũgĩ wa Thiong’o",
)  # fmt: skip
LOOKALIKES: Final = (
    "Аda", "Ａｄａ", "𝔄𝔡𝔞", "ⅠⅡⅢ", "\u212aelvin", "\u212bngstr\u00f6m", "\u2126mega", "ﬁnn",
    "ŉ", "ßharp", "İstanbul", "ıssız", "ǅ", "ﷺ", "㍿", "ⓐⓓⓐ", "\U0001d160", "𠮷田", "\u3164a",
    "\u2800a", "\u115fa",
)  # fmt: skip
EMOJI: Final = (
    "🦉", "👩\u200d🔬", "👨\u200d👩\u200d👧\u200d👦", "🏳\ufe0f\u200d🌈", "🇩🇪", "👍🏽",
    "1\ufe0f\u20e3", "❤\ufe0f", "🧑🏿\u200d🤝\u200d🧑🏻", "\u00a9\ufe0e",
)  # fmt: skip
JOINED: Final = ("می\u200cخواهم", "ශ්\u200dරී", "क्\u200dष", "ന്\u200d", "a\u200db", "a\u200cb")
INJECTIONS: Final = (
    "Robert'); DROP TABLE students;--", "' OR '1'='1", "\" OR \"\"=\"",
    "'; SELECT pg_sleep(9); --", "1;SHUTDOWN", "$1", "$$", "%(name)s", "%s%s%s%n", "%x%x", "{}",
    "{0}", "{name.__class__}", "{{7*7}}", "${7*7}", "#{7*7}", "<%= 7 %>",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</title>", "&lt;b&gt;",
    "&#0;", "]]>", "<!--", "<?php", "javascript:alert(1)", "$(reboot)", "`reboot`", "; reboot",
    "| reboot", "&& reboot", "$HOME", "~", "*", "-rf", "--help", "../../etc/passwd", "..\\..\\",
    "C:\\CON", "file:///etc/passwd", "%00", "%0a%0d", "\\0", "\\n", "\\u0000", "\\", "\\\\",
    "\"", "'", "`", "''''", "\"\"\"", "=1+1", "@SUM(1)", "+1", "-1", "=cmd|' /C calc'!A0",
    "${jndi:ldap://x}", "*)(uid=*))(|(uid=*", "^(a+)+$", "[", "(?i)", ".*", "a,b;c\"d",
    "{\"name\": 1}", "[1]", "---", "!!python/object", "%", "%%", "100%", "#", "?", "&",
    "a=b&c=d", "/", "//", ".", "..", "...",
)  # fmt: skip
WORDS: Final = (
    "null", "NULL", "None", "nil", "undefined", "NaN", "Infinity", "-Infinity", "true", "false",
    "0", "-0", "1e400", "0x10", "1/0", "9" * 50, "constructor", "__proto__", "toString",
    "hasOwnProperty", "__init__", "CON", "NUL", "COM1", "localhost", "admin", "test",
)  # fmt: skip
COMBINING: Final = (
    "Z\u0338\u0351a\u0337l\u0334g\u0335o\u0336", "e" + "\u0301" * 49, "a\u0323\u0307",
    "a\u0307\u0323", "\u1112\u1161\u11ab", "o\u0308\u0304", "\u0915\u093c", "\u0958",
    "q\u0307\u0323", "i\u0307", "\u0344a", "\u0340a", "\u0f73a", "\u0301a",
)  # fmt: skip
BLANKS: Final = (
    " Ada ",
    "\u3000Ada\u3000",
    "A\u00a0da",
    "A\u2003da",
    "A\u3000da",
    "\u00a0A",
    "A  B",
    "\u200dA",
    "A\u200c",
)
EDGES: Final = (
    "x", "x" * 200, "字" * 200, "𐐀" * 200, "e\u0301" * 200, "\u0958" * 100, "ﷺ" * 200,
    " " * 100 + "x" + " " * 100, "🦉" * 200, "\u1112\u1161\u11ab" * 200,
)  # fmt: skip
TOO_LONG: Final = (
    "x" * 201,
    "x" * 801,
    "x" * 5_000,
    "字" * 201,
    "𐐀" * 201,
    "\u0958" * 101,
    "e\u0301" * 201,
    "\U0001d160" * 67,
)
NOTHING: Final = ("", " ", "\u3000", "\u00a0\u2003", "\u200d", "\u200c\u200d", " \u200d ")
FORBIDDEN: Final = (
    *(chr(code) for code in range(0x20)), *(chr(code) for code in range(0x7F, 0xA0)),
    *"\u00ad\u0600\u061c\u06dd\u070f\u180e\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e",
    *"\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u206a\u206f\ufeff\ufff9\ufffa\ufffb\ufffe\uffff",
    *"\ue000\uf8ff\U00050000\ufdd0\U0001fffe\U000e0001\U000e0067\U000f0000\U0010ffff\U000110bd\U0001d173",
)  # fmt: skip
"""Control, format, private, of empty planes: invisible, or they turn the writing round."""
SURROGATES: Final = (r"\ud800", r"a\udfffb", r"\udc00\ud800", r"\ud83e")
"""As they stand in JSON: no text at all, so the whole body is none (400)."""


def kept() -> list[str]:
    """Names that are accepted, composed or decomposed."""
    good = [
        *SCRIPTS,
        *LOOKALIKES,
        *EMOJI,
        *JOINED,
        *INJECTIONS,
        *WORDS,
        *COMBINING,
        *BLANKS,
        *EDGES,
    ]
    decomposed = [unicodedata.normalize("NFD", name) for name in (*SCRIPTS, *LOOKALIKES)]
    return list(dict.fromkeys([*good, *decomposed]))


def refused() -> list[str]:
    """Names that are refused with 422 at /name."""
    return [*TOO_LONG, *NOTHING, *(f"A{one}da" for one in FORBIDDEN)]
