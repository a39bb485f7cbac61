#!/bin/sh
# What the tests drive beside Python: a real browser, strace to watch for connections, Tesseract in
# both languages, git, a mail server (never started as a service), and what lints and renders the files
# of docker/ (in .tools, away from Philo's own packages).
set -e
missing=""
command -v chromium >/dev/null || missing="$missing chromium"
command -v strace >/dev/null || missing="$missing strace"
command -v git >/dev/null || missing="$missing git"
[ -x /usr/sbin/dovecot ] || command -v dovecot >/dev/null || missing="$missing dovecot-imapd"
command -v caddy >/dev/null || missing="$missing caddy"
fra=$(tesseract --list-langs 2>/dev/null | grep -x fra || true)
[ -n "$fra" ] || missing="$missing tesseract-ocr tesseract-ocr-fra"
cd "$(dirname "$0")/.."
lock=docker/locks/checks.txt
if ! cmp -s "$lock" .tools/lock.txt; then
    rm -rf .tools
    python=python3
    [ ! -x .venv/bin/python ] || python=.venv/bin/python
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --require-hashes --target .tools -r "$lock"
    cp "$lock" .tools/lock.txt
fi
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$missing ..."
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "The tests need$missing; install with: sudo apt-get install$missing" >&2
    exit 1
fi
