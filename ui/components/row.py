"""What a row of a list says: a name, and below it what there is to tell."""

from __future__ import annotations

from ui.components.markup import Markup, element


def row_text(name: str, *told: str) -> Markup:
    return element(
        "div",
        element("p", name, class_="philo-title"),
        *(element("p", one, class_="philo-hint") for one in told),
        class_="philo-pending",
    )
