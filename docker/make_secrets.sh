#!/bin/sh
# Make what compose.yaml keeps secret: docker/make_secrets.sh HOST
#
# Writes docker/secrets/ (readable by its owner alone): the password of PostgreSQL, Philo's address of
# it, the key of the login, and a certificate for HOST that browsers do not know. Put your own
# in the place of tls_certificate and tls_key. What is there already is left as it is.
set -eu
umask 077
host=${1:?say under which name people reach Philo: make_secrets.sh philo.example}
cd "$(dirname "$0")"
mkdir -p secrets
cd secrets
# The folder keeps others of this machine out; containers see single files, as users of their own.
put() { [ -e "$1" ] || { cat > "$1.new" && chmod 0444 "$1.new" && mv "$1.new" "$1"; }; }
openssl rand -hex 32 | put postgres_password
printf 'postgresql://philo:%s@postgres:5432/philo' "$(cat postgres_password)" | put storage__database
openssl rand -hex 32 | put access__secret_key
if [ ! -e tls_key ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 \
        -subj "/CN=$host" -addext "subjectAltName=DNS:$host" \
        -keyout tls_key.new -out tls_certificate.new 2>/dev/null
    chmod 0444 tls_key.new tls_certificate.new
    mv tls_certificate.new tls_certificate
    mv tls_key.new tls_key
fi
echo "The secrets for $host are in $(pwd); start with: PHILO_HOST=$host docker compose -f docker/compose.yaml up --detach"
