"""Currencies as Stripe knows them: https://docs.stripe.com/currencies."""

from dev.stripe_double.messages import invalid

ZERO_DECIMAL = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf"}
    | {"xof", "xpf"}
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
_TWO_DECIMAL_WORDS = """
aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf
cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl hrk htg huf idr
ils inr isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr
mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos
srd std szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs wst xcd yer zar zmw
"""
TWO_DECIMAL = frozenset(_TWO_DECIMAL_WORDS.split())
SUPPORTED = ZERO_DECIMAL | THREE_DECIMAL | TWO_DECIMAL

# The least that can be charged, in minor units; in the last line, what 50 US cents convert to
# at a rate of the day.
MINIMUM = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500,
    "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000,
    "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
    "ils": 186, "krw": 735, "php": 2950, "sar": 188, "try": 2126, "vnd": 13180, "zar": 862,
}  # fmt: skip
# Written with two decimals that are always 00.
STEP = {"isk": 100, "ugx": 100}
MAXIMUM = 99_999_999
_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "cad": "CA$", "aud": "A$"}


def checked(currency: str, param: str) -> str:
    """Answer the currency in lower case. Raises ApiError (400) for one Stripe does not know."""
    lowered = currency.lower()
    if lowered not in SUPPORTED:
        raise invalid(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: "
            + ", ".join(sorted(SUPPORTED)),
            param,
        )
    return lowered


def decimals(currency: str) -> int:
    """How many digits the minor unit has."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def formatted(amount: int, currency: str) -> str:
    """Minor units as people read them: `€12.50`, `1,200 KRW`."""
    digits = decimals(currency)
    text = f"{amount / 10**digits:,.{digits}f}" if digits else f"{amount:,}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{text}" if symbol else f"{text} {currency.upper()}"
