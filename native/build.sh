#!/usr/bin/env bash
# Publishes the shared library and the command line with NativeAOT into artifacts/native: lib/, include/, bin/.
# Run native/restore.sh first.
set -euo pipefail
native=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$native")
out=${1:-$root/artifacts/native}
framework=${AotFramework:-net10.0}

publish() { # PROJECT OUTPUT
  dotnet publish "$1" -c Release -r linux-x64 -f "$framework" -p:AotFramework="$framework" -o "$2" --nologo -v quiet
}

# A feed that lacks the NativeAOT runtime pack of net10.0 fails at restore; net9.0 carries its own.
if ! log=$(publish "$native/SafetySdk.Native/SafetySdk.Native.csproj" "$out/publish/lib" 2>&1); then
  case "$log" in
    *NU1101*NativeAOT*|*NU1102*NativeAOT*)
      printf 'build: no NativeAOT runtime pack for %s in this feed, building net9.0\n' "$framework" >&2
      framework=net9.0
      publish "$native/SafetySdk.Native/SafetySdk.Native.csproj" "$out/publish/lib" >&2 ;;
    *) printf '%s\n' "$log" >&2; exit 1 ;;
  esac
fi
publish "$root/src/SafetySdk.Cli/SafetySdk.Cli.csproj" "$out/publish/bin" >&2

mkdir -p "$out/lib" "$out/include" "$out/bin"
cp "$out/publish/lib/libsafetysdk.so" "$out/lib/libsafetysdk.so.1"
ln -sfn libsafetysdk.so.1 "$out/lib/libsafetysdk.so"
cp "$native/include/safetysdk.h" "$out/include/"
cp "$out/publish/bin/safety" "$out/bin/"
cp "$root/LICENSE" "$root/NOTICE" "$out/"
printf 'build: %s (%s): libsafetysdk.so.1 %s bytes, safety %s bytes\n' \
  "$out" "$framework" "$(stat -c %s "$out/lib/libsafetysdk.so.1")" "$(stat -c %s "$out/bin/safety")" >&2
