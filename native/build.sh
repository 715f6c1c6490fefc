#!/usr/bin/env bash
# Publishes the shared library, for three levels of processors, and the command line with NativeAOT into artifacts/native: lib/,
# include/, bin/. lib/ has what pkg-config and CMake's find_package look for; the folder can be moved.
# Run native/restore.sh first.
set -euo pipefail
native=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$native")
out=${1:-$root/artifacts/native}
framework=${AotFramework:-net10.0}

publish() { # PROJECT OUTPUT ARGUMENT...
  local project=$1 output=$2
  shift 2
  dotnet publish "$project" -c Release -r linux-x64 -f "$framework" -p:AotFramework="$framework" -o "$output" --nologo -v quiet "$@"
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
# NativeAOT settles vector widths when it compiles. The loader takes the best of these that the processor has; a program that loads the
# library by its path names one.
for level in v3 v4; do
  case "$framework" in net9.0) set_name=x86-x64-$level ;; *) set_name=x86-64-$level ;; esac
  publish "$native/SafetySdk.Native/SafetySdk.Native.csproj" "$out/publish/lib-$level" -p:InstructionSet="$set_name" >&2
done

mkdir -p "$out/lib" "$out/include" "$out/bin"
cp "$out/publish/lib/libsafetysdk.so" "$out/lib/libsafetysdk.so.1"
ln -sfn libsafetysdk.so.1 "$out/lib/libsafetysdk.so"
for level in v3 v4; do
  mkdir -p "$out/lib/glibc-hwcaps/x86-64-$level"
  cp "$out/publish/lib-$level/libsafetysdk.so" "$out/lib/glibc-hwcaps/x86-64-$level/libsafetysdk.so.1"
done
cp "$native"/include/* "$out/include/"
version=$(sed -n 's/^#define SAFETY_VERSION_[A-Z]* //p' "$native/include/safetysdk.h" | paste -sd .)
mkdir -p "$out/lib/pkgconfig" "$out/lib/cmake/SafetySdk"
for file in "$native"/pkgconfig/*.pc "$native"/cmake/*.cmake; do
  case "$file" in *.pc) folder=pkgconfig ;; *) folder=cmake/SafetySdk ;; esac
  sed "s/@VERSION@/$version/" "$file" >"$out/lib/$folder/$(basename "$file")"
done
cp "$out/publish/bin/safety" "$out/bin/"
cp "$out/publish/bin/libe_sqlite3.so" "$out/bin/" # safety audit reads stores
cp "$root/LICENSE" "$root/NOTICE" "$out/"
printf 'build: %s (%s): libsafetysdk.so.1 %s bytes, safety %s bytes\n' \
  "$out" "$framework" "$(stat -c %s "$out/lib/libsafetysdk.so.1")" "$(stat -c %s "$out/bin/safety")" >&2
