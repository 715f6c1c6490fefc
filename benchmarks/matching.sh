#!/usr/bin/env bash
# Times hashing, and look-up, scan, build and update of an index against faiss and a scalar scan, in one run for each list. Prints Markdown.
# Debian's python3-faiss is installed when root runs it; without it the peer is left out.
#
#   bash benchmarks/matching.sh [COUNT...]     default: 1000000 10000000 (about 6 GiB of memory, ten minutes)
#
# Variables: CORE (default: the last one), PYTHON (Debian's).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-/usr/bin/python3}
core=${CORE:-$(($(nproc --all) - 1))}
project=$root/benchmarks/SafetySdk.Benchmarks
if ! "$python" -c 'import faiss' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-faiss; } >&2 || true
  fi
fi

peer=()
if "$python" -c 'import faiss' 2>/dev/null; then peer=("$python" "$root/benchmarks/matching_peers.py"); else echo 'matching: install python3-faiss for the peer' >&2; fi
dotnet build "$project" -c Release --nologo -v quiet -clp:NoSummary >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
[ -z "$(git -C "$root" status --porcelain -- ':!benchmarks/results' 2>/dev/null)" ] || commit="$commit with changes"
echo "Machine: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(nproc --all) processors; one thread, on processor $core. Commit $commit."
echo; echo "### Hashing"; echo
DOTNET_TieredCompilation=0 taskset -c "$core" dotnet "$project/bin/Release/net10.0/SafetySdk.Benchmarks.dll" hashing
[ $# -gt 0 ] || set -- 1000000 10000000
for count in "$@"; do
  for kind in random clustered; do
    DOTNET_TieredCompilation=0 taskset -c "$core" dotnet "$project/bin/Release/net10.0/SafetySdk.Benchmarks.dll" matching "$count" "$kind" "$work" "${peer[@]}"
  done
done
