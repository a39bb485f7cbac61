"""A table of what was counted or measured."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st


def show_table(rows: Sequence[dict[str, object]]) -> None:
    """Numbers stand as the reader's browser writes them."""
    numbers = {
        name
        for row in rows
        for name, value in row.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    as_written = st.column_config.NumberColumn(format="localized")
    st.dataframe(rows, hide_index=True, column_config=dict.fromkeys(numbers, as_written))
