#!/usr/bin/env bash
# The one test command: restores, builds, runs every test, managed and native. Its last line is "N passed, N failed, N skipped".
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
passed=0 failed=0 skipped=0

stop() { # a step without which nothing can be tested
  printf 'FAIL %s\n%d passed, %d failed, %d skipped\n' "$1" "$passed" "$((failed + 1))" "$skipped"
  exit 1
}

# The PostgreSQL tests start a server of their own. Where its programs are absent and cannot be installed they are skipped, and say so.
if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
  # The package would set up a server for the whole machine otherwise.
  mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] || printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.conf
  postgresql() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; }
  log=$( (postgresql || { apt-get update && postgresql; }) 2>&1) \
    || printf '%s\nSKIP the tests of PostgreSQL: its programs cannot be installed\n' "$(printf '%s' "$log" | tail -n 3)"
fi

bash native/restore.sh || stop "native/restore.sh"
dotnet build SafetySdk.sln -c Release --nologo -v quiet || stop "dotnet build"
dotnet format SafetySdk.sln --verify-no-changes --no-restore || { printf 'FAIL dotnet format\n'; failed=$((failed + 1)); }

# Compiled only where the feed has the package, and not part of the solution for that reason.
optional=SafetySdk.Decoding.Skia.Tests
if ! log=$(dotnet build "tests/$optional" -c Release --nologo -v quiet 2>&1); then
  case "$log" in
    *NU1101*SkiaSharp*|*NU1102*SkiaSharp*)
      printf 'SKIP %s: the feed has no SkiaSharp\n' "$optional"
      skipped=$((skipped + 1)) ;;
    *)
      printf '%s\nFAIL dotnet build %s\n' "$log" "$optional"
      failed=$((failed + 1)) ;;
  esac
  optional_built=false
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for project in tests/*/*.csproj; do
  name=$(basename "$project" .csproj)
  if [ "$name" = "$optional" ] && [ "${optional_built:-true}" = false ]; then
    continue
  fi
  printf '== %s\n' "$name"
  # The runner's own report is counted, not its exit code, so that a crash is not taken for success.
  "tests/$name/bin/Release/net10.0/$name" -noColor -xml "$results/$name.xml" >"$results/$name.log" 2>&1
  status=$?
  summary=$(grep -E 'Total: [0-9]+' "$results/$name.log" | tail -1)
  number() { printf '%s' "$summary" | sed -n "s/.*$1: \([0-9]*\).*/\1/p"; }
  if [ -z "$summary" ]; then
    cat "$results/$name.log"
    printf 'FAIL %s ended without a summary (exit code %d)\n' "$name" "$status"
    failed=$((failed + 1))
    continue
  fi
  bad=$(($(number Failed) + $(number Errors)))
  # A bad exit code without a failed test is a failure too.
  [ "$bad" -eq 0 ] && [ "$status" -ne 0 ] && bad=1
  grep -E '\[(FAIL|SKIP)\]|^ +(needs|Assert|System\.)' "$results/$name.log" | cut -c1-200 | head -60
  [ "$bad" -gt 0 ] && tail -n 200 "$results/$name.log"
  printf '%s\n' "$summary"
  failed=$((failed + bad))
  skipped=$((skipped + $(number Skipped)))
  passed=$((passed + $(number Total) - $(number Failed) - $(number Skipped)))
done

scripted() { # NAME SCRIPT: runs a script whose last line is "NAME: N passed, N failed"
  local output count
  output=$(bash "$2")
  printf '== %s\n%s\n' "$1" "$output"
  count=$(printf '%s' "$output" | tail -n 1 | sed -n "s/^$1: \([0-9]*\) passed, \([0-9]*\) failed\$/\1 \2/p")
  if [ -n "$count" ]; then
    passed=$((passed + ${count% *}))
    failed=$((failed + ${count#* }))
  else
    printf 'FAIL %s ended without a summary\n' "$2"
    failed=$((failed + 1))
  fi
}

scripted restore tests/native/restore_test.sh
if bash native/build.sh; then
  scripted native tests/native/run.sh
else
  printf 'FAIL native/build.sh\n'
  failed=$((failed + 1))
fi

printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
