#!/usr/bin/env bash
# Measures the command `safety check` as a whole process, JIT and NativeAOT: cold start to verdict, time per stage, peak memory, sizes.
# Prints Markdown. Run native/restore.sh and native/build.sh first. Usage: bash benchmarks/check.sh [ROUNDS]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rounds=${1:-9}
home=${SAFETYSDK_HOME:-$root/.safetysdk}
photo=$home/photographs/photo1.png
aot=$root/artifacts/native/bin/safety
jit=(dotnet "$root/src/SafetySdk.Cli/bin/Release/net10.0/safety.dll")
export SAFETYSDK_HOME=$home
dotnet build "$root/src/SafetySdk.Cli" -c Release --nologo -v quiet >&2

# Wall time and peak resident memory of one run; the child's peak is read from /proc while it lives.
measure() { # COMMAND...
  python3 - "$@" <<'P'
import resource, subprocess, sys, time
start = time.perf_counter()
run = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
wall = (time.perf_counter() - start) * 1000
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{wall:.0f} {peak:.0f} {run.stdout.decode().strip()}")
P
}

summarise() { # NAME COMMAND...
  local name=$1
  shift
  for _ in $(seq "$rounds"); do measure "$@"; done | python3 -c '
import json, statistics, sys
rows = [line.split(" ", 2) for line in sys.stdin]
wall = sorted(float(r[0]) for r in rows)
peak = max(float(r[1]) for r in rows)
verdicts = [json.loads(r[2]) for r in rows]
stages = {s["name"]: statistics.median(next(x["ms"] for x in v["stages"] if x["name"] == s["name"]) for v in verdicts) for v in verdicts[:1] for s in v["stages"]}
decisions = {v["decision"] for v in verdicts}
print("| '"$name"' | %.0f / %.0f / %.0f | %s | %.0f | %s |" % (wall[0], statistics.median(wall), wall[-1], ", ".join(f"{k} {v:.1f}" for k, v in stages.items() if v > 0), peak, "/".join(sorted(decisions))))'
}

printf 'Machine: %s, %s threads, %s. Commit %s. %s rounds, one process each; the photograph is %s.\n\n' \
  "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)" "$(nproc)" "$(uname -sm)" "$(git -C "$root" rev-parse --short HEAD)" "$rounds" \
  "$(basename "$photo") ($(stat -c %s "$photo") bytes)"
printf '| run | wall ms: least / median / most | median ms inside, by stage | peak MiB | decision |\n| --- | --- | --- | --- | --- |\n'
summarise "JIT, prompt" "${jit[@]}" check --format json --prompt "a watercolour of a lighthouse at dawn"
summarise "NativeAOT, prompt" "$aot" check --format json --prompt "a watercolour of a lighthouse at dawn"
summarise "JIT, photograph" "${jit[@]}" check --format json --operation edit --prompt "make the sky more dramatic" --image "$photo"
summarise "NativeAOT, photograph" "$aot" check --format json --operation edit --prompt "make the sky more dramatic" --image "$photo"
printf '\n| file | bytes |\n| --- | --- |\n'
for file in lib/libsafetysdk.so.1 bin/safety; do printf '| %s | %s |\n' "$file" "$(stat -c %s "$root/artifacts/native/$file")"; done
