"""The kinds of field that can be compared: a plain list is the registry."""

from __future__ import annotations

from collections.abc import Mapping

from matcher.comparing import addresses, dates, id_cards, names, texts, values
from matcher.comparing.levels import Comparison

COMPARISONS: Mapping[str, Comparison] = {
    "cn_number": id_cards.COMPARISON,
    "cn_name": names.COMPARISON,
    "cn_address": addresses.COMPARISON,
    "phone": values.COMPARISON,
    "division": values.COMPARISON,
    "sex": values.COMPARISON,
    "date": dates.COMPARISON,
    "written_date": dates.WRITTEN,
    "text": texts.COMPARISON,
    "exact": values.COMPARISON,
    "digits": values.DIGITS,
    "amount": values.AMOUNTS,
}
