"""Words in thirty scripts: names that people write and programs must not lose."""

import unicodedata
from random import Random

# One range of letters each, without marks that need another character.
SCRIPTS: dict[str, tuple[int, int]] = {
    "Latin": (0x0E0, 0x0F6), "Greek": (0x3B1, 0x3C9), "Cyrillic": (0x430, 0x44F),
    "Armenian": (0x561, 0x586), "Georgian": (0x10D0, 0x10F0), "Hebrew": (0x5D0, 0x5EA),
    "Arabic": (0x627, 0x64A), "Syriac": (0x710, 0x72F), "Thaana": (0x780, 0x7A5),
    "Nko": (0x7CA, 0x7EA), "Devanagari": (0x905, 0x939), "Bengali": (0x985, 0x9B9),
    "Gurmukhi": (0xA05, 0xA32), "Gujarati": (0xA85, 0xAB9), "Oriya": (0xB05, 0xB39),
    "Tamil": (0xB85, 0xBB9), "Telugu": (0xC05, 0xC39), "Kannada": (0xC85, 0xCB9),
    "Malayalam": (0xD05, 0xD39), "Sinhala": (0xD85, 0xDC6), "Thai": (0xE01, 0xE30),
    "Lao": (0xE81, 0xEB0), "Tibetan": (0xF49, 0xF68), "Myanmar": (0x1000, 0x102A),
    "Ethiopic": (0x1200, 0x1248), "Khmer": (0x1780, 0x17A2), "Katakana": (0x30A2, 0x30F3),
    "Hiragana": (0x3042, 0x3093), "Han": (0x4E00, 0x9FA5), "Hangul": (0xAC00, 0xD7A3),
}  # fmt: skip


def word(script: str, length: int = 6, seed: int = 1) -> str:
    """Some letters of a script, the same ones every time."""
    first, last = SCRIPTS[script]
    letters = [
        chr(point)
        for point in range(first, last + 1)
        if unicodedata.category(chr(point)) in {"Ll", "Lo"}
        and unicodedata.is_normalized("NFKC", chr(point))
    ]
    return "".join(Random(f"{script}{seed}").choices(letters, k=length))
