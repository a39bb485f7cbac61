"""Nothing phones home.

Several libraries report usage or look for updates unless they are told not to, and most
read their switch when they are imported. Every entry point calls `forbid_telemetry` first.
"""

from __future__ import annotations

import os

SWITCHES = {
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime and onnxruntime-genai keep a device id otherwise
    "ANONYMIZED_TELEMETRY": "False",  # Chroma
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "LANGSMITH_TRACING": "false",
    "LANGSMITH_TRACING_V2": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def forbid_telemetry() -> None:
    """Set the switches of every library that would connect to somewhere on its own."""
    os.environ.update(SWITCHES)
