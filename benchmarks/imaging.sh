#!/usr/bin/env bash
# Times the image path against libvips, Pillow, OpenCV and libjpeg-turbo, and the JIT against NativeAOT. Prints Markdown; see README.md.
# Run native/restore.sh first. What is missing is installed by root and named to anybody else.
#
#   bash benchmarks/imaging.sh [--rounds N] [--clock wall|cpu] [--only resize,normalise,jpeg] [--no-aot]
#
# Variables: CORE (default: the last one), PYTHON (Debian's, with python3-pil and python3-opencv), PHOTOGRAPHS (a folder).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-/usr/bin/python3}
core=${CORE:-$(($(nproc --all) - 1))}
photographs=${PHOTOGRAPHS:-$root/../shared/testdata/photos}
project=$root/benchmarks/SafetySdk.PeerBenchmarks
out=$root/artifacts/benchmarks
options=()
aot=1
for argument in "$@"; do
  if [ "$argument" = --no-aot ]; then aot=; else options+=("$argument"); fi
done

missing=()
"$python" -c 'import numpy, PIL' 2>/dev/null || missing+=(python3-pil python3-numpy)
"$python" -c 'import cv2' 2>/dev/null || missing+=(python3-opencv)
ldconfig -p | grep -q libturbojpeg.so.0 || missing+=(libturbojpeg0)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >&2 || true
  else
    printf 'imaging: for all peers, install: %s\n' "${missing[*]}" >&2
  fi
fi

dotnet build "$project" -c Release --nologo -v quiet >&2
levels=()
if [ -n "$aot" ]; then
  levels=(default)
  grep -qw avx2 /proc/cpuinfo && levels+=(x86-64-v3)
  grep -qw avx512bw /proc/cpuinfo && levels+=(x86-64-v4)
  for level in "${levels[@]}"; do
    if log=$(dotnet publish "$project" -c Release -r linux-x64 -p:Lane="$level" -o "$out/$level" --nologo -v quiet 2>&1); then
      options+=(--aot "$level=$out/$level/SafetySdk.PeerBenchmarks")
    else
      printf 'imaging: no NativeAOT lane %s:\n%s\n' "$level" "$log" >&2
    fi
  done
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" "$root/benchmarks/peers.py" prepare "$work" "$photographs"
commit=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
[ -z "$(git -C "$root" status --porcelain -- ':!benchmarks/results' 2>/dev/null)" ] || commit="$commit with changes"
header="Machine: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(nproc --all) processors, $(uname -sm); everything on processor $core. Commit $commit."
taskset -c "$core" dotnet "$project/bin/Release/net10.0/SafetySdk.PeerBenchmarks.dll" run "$work" \
  --python "$python" --peers "$root/benchmarks/peers.py" --header "$header" "${options[@]}"
