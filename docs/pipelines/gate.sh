#!/bin/sh
# Waits until a checklist says go. Usage: gate.sh NAME [RELEASE] [SECONDS]
# WARDROUND_URL is where the dashboard answers, WARDROUND_TOKEN its metrics_token.
# Exits 0 go, 1 no-go, 2 asked wrongly, 3 unsure or not to be reached.
set -u
name=${1:-} release=${2:-} patience=${3:-0} step=${WARDROUND_STEP:-5}
if [ -z "$name" ] || [ -z "${WARDROUND_URL:-}" ] || [ -z "${WARDROUND_TOKEN:-}" ]; then
  echo "usage: WARDROUND_URL=... WARDROUND_TOKEN=... gate.sh NAME [RELEASE] [SECONDS]" >&2
  exit 2
fi
case "$name$release" in *[!A-Za-z0-9._-]*) echo "a list and a release are letters, digits, . _ and -" >&2; exit 2 ;; esac
case "$patience" in '' | *[!0-9]*) echo "SECONDS is a number" >&2; exit 2 ;; esac

# The token goes in by standard input: what stands on a command line, every user of the machine can read.
ask() {
  printf 'header = "Authorization: Bearer %s"\n' "$WARDROUND_TOKEN" |
    curl --silent --max-time 20 --config - --header 'Accept: text/plain' --write-out '\n%{http_code}' \
      "${WARDROUND_URL%/}/api/gate/$name${release:+?release=$release}"
}

end=$(($(date +%s) + patience))
while :; do
  answer=$(ask) || answer='
000'
  code=${answer##*
}
  verdict=${answer%%
*}
  words=$(printf '%s\n' "$answer" | sed -n 2p)
  case "$code" in
    200)
      case "$verdict" in
        go) echo "$words"; exit 0 ;;
        no-go) left=1 ;;
        *) left=3 ;;
      esac ;;
    400 | 401 | 403 | 404) echo "$name: the dashboard answered $code: is the name right, and the token?" >&2; exit 2 ;;
    *) words="the dashboard cannot be reached, or has trouble of its own ($code)" left=3 ;;
  esac
  if [ "$(date +%s)" -ge "$end" ]; then
    echo "$name: $words" >&2
    exit "$left"
  fi
  sleep "$step"
done
