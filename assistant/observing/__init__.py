"""How the service is doing: metrics, traces, logs. None of them holds what people ask or read."""
