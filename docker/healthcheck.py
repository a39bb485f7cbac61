"""Exit 0 where an address answers with a status below 400, 1 where it does not.

python healthcheck.py http://127.0.0.1:8501/api/live     (in the images, which have no curl)
"""

import sys
import urllib.error
import urllib.request

TIMEOUT_S = 4


def main() -> None:
    if len(sys.argv) != 2 or not sys.argv[1].startswith("http://127.0.0.1:"):
        sys.exit("healthcheck: give one address of this container, http://127.0.0.1:PORT/PATH")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(sys.argv[1], timeout=TIMEOUT_S).close()
    except (urllib.error.URLError, OSError) as exc:
        sys.exit(f"healthcheck: {sys.argv[1]} does not answer as it should: {exc}")


if __name__ == "__main__":
    main()
