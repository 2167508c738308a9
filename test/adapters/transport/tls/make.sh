#!/bin/sh
# Makes the certificates of the tests: an authority, a server at 127.0.0.1 and a client, valid for a hundred years.
set -eu
cd "$(dirname "$0")"
new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1-key.pem"; }
sign() { # name, subject, extensions
  new_key "$1"
  openssl req -new -key "$1-key.pem" -subj "$2" |
    openssl x509 -req -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 36500 -extfile "$3" -out "$1.pem"
}
extensions=$(mktemp)
trap 'rm -f "$extensions" ca.srl' EXIT
new_key ca
openssl req -x509 -new -key ca-key.pem -subj '/CN=Test authority' -days 36500 -out ca.pem
echo 'subjectAltName=IP:127.0.0.1' >"$extensions"
sign server '/CN=hub' "$extensions"
echo 'extendedKeyUsage=clientAuth' >"$extensions"
sign client '/O=Test, or not/CN=game' "$extensions"
rm ca-key.pem
