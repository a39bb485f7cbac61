"""What only a script can do to Streamlit's frame. No text from elsewhere comes in here."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

from ui.language import Language, words_of_streamlit

_REPLACING = Path(__file__).with_name("words.js").read_text(encoding="utf-8")


def declare_language(language: Language) -> None:
    """Tell screen readers how to pronounce the page: Streamlit's frame says English."""
    _run(f"document.documentElement.lang = '{language}'", key="frame-language")


def replace_words(language: Language) -> None:
    """Streamlit's own words, which it says in English and of itself, by Philo's."""
    words = json.dumps(words_of_streamlit(language), ensure_ascii=False)
    _run(f"window.philoWords = {words}; {_REPLACING}", key="frame-words")


def bring_last_message_into_view() -> None:
    """Streamlit's own way keeps to the very bottom, even when a reader opens a citation."""
    messages = "document.querySelectorAll('[data-testid=stChatMessage]')"
    _run(f"[...{messages}].at(-1)?.scrollIntoView({{block: 'nearest'}})", key="frame-scroll")


def go_to(path: str) -> None:
    """Leave for another page of this service; `path` is written in the code."""
    _run(f"location.assign({json.dumps(path)})", key="frame-go")


def bring_source_into_view(opened: tuple[str, int]) -> None:
    """To the marked words: within the panel where it stands beside, else down to it. With the
    keyboard's place, which a page that is laid out anew has lost."""
    _run(
        """
        const panel = document.querySelector(".st-key-source");
        const word = panel?.querySelector(".philo-box, mark");
        const beside = panel && getComputedStyle(panel).position === "sticky";
        if (beside && word) {
          const gap = word.getBoundingClientRect().top - panel.getBoundingClientRect().top;
          panel.scrollTop += gap - panel.clientHeight / 3;
        } else {
          (word ?? panel)?.scrollIntoView({block: "center"});
        }
        if (panel && !panel.contains(document.activeElement)) {
          panel.tabIndex = -1;
          panel.focus({preventScroll: true});
        }
        """
        + f"/* {opened[0]}/{opened[1]} */",
        key="frame-source",
    )


def focus_mark(scope: str, marker: int) -> None:
    """The keyboard's place is again where the source was opened."""
    _run(f"document.querySelector('a[data-mark=\"{scope}/{marker}\"]')?.focus()", key="frame-mark")


def enable_copying() -> None:
    """A button with `data-copy` puts that text on the clipboard and says `data-done`."""
    _run(
        """
        if (!window.philoCopies) {
          window.philoCopies = true;
          document.addEventListener("click", async (event) => {
            const button = event.target.closest?.("button[data-copy]");
            if (!button) return;
            try {
              await navigator.clipboard.writeText(button.dataset.copy);
            } catch {  // without HTTPS there is the old way only
              const field = document.createElement("textarea");
              field.value = button.dataset.copy;
              document.body.append(field);
              field.select();
              document.execCommand("copy");
              field.remove();
            }
            const label = button.textContent;
            button.textContent = button.dataset.done;
            setTimeout(() => { button.textContent = label; }, 2000);
          });
        }
        """,
        key="frame-copy",
    )


def _run(script: str, *, key: str) -> None:
    with st.container(key=key):
        # A block of its own: the same script may run again on the same page.
        st.html(f"<script>{{{script}}}</script>", unsafe_allow_javascript=True)
