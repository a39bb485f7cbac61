#!/bin/sh
# What the tests drive beside Python: a real browser, and strace to watch for connections.
missing=""
command -v chromium >/dev/null || missing="$missing chromium"
command -v strace >/dev/null || missing="$missing strace"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$missing ..."
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "The tests need$missing; install with: sudo apt-get install$missing" >&2
    exit 1
fi
