#!/bin/sh
# What the tests drive beside Python: a real browser, strace to watch for connections, Tesseract in
# both languages, git, and a mail server (never started as a service).
missing=""
command -v chromium >/dev/null || missing="$missing chromium"
command -v strace >/dev/null || missing="$missing strace"
command -v git >/dev/null || missing="$missing git"
[ -x /usr/sbin/dovecot ] || command -v dovecot >/dev/null || missing="$missing dovecot-imapd"
fra=$(tesseract --list-langs 2>/dev/null | grep -x fra)
[ -n "$fra" ] || missing="$missing tesseract-ocr tesseract-ocr-fra"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$missing ..."
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "The tests need$missing; install with: sudo apt-get install$missing" >&2
    exit 1
fi
