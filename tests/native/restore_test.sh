#!/usr/bin/env bash
# Tests of native/restore.sh without network: the script runs in a small checkout of its own, with stand-ins for npm and dotnet that serve
# tiny packages from a folder. Its last line is "restore: N passed, N failed".
# shellcheck disable=SC2016,SC2119,SC2120 # the commands of check are evaluated there, and most runs need no argument
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
hung=()
trap '[ ${#hung[@]} -eq 0 ] || kill "${hung[@]}" 2>/dev/null; rm -rf "$work"' EXIT
passed=0 failed=0

# A path with spaces, and with characters that a shell or a pattern would take amiss.
top="$work/a \$checkout [1]"
home="$top/its home"
feed=$top/native/feed
stubs=$work/stubs tools=$work/tools tarballs=$work/tarballs
mkdir -p "$top/native/onnxruntime" "$top/src/SafetySdk.Models" "$stubs" "$tools" "$tarballs"
cp "$source/native/restore.sh" "$top/native/"
cp "$source/native/onnxruntime/Microsoft.ML.OnnxRuntime.csproj" "$top/native/onnxruntime/"
echo "// a converter" >"$top/src/SafetySdk.Models/Converter.cs"
# Nothing else is on the search path: no npm of the machine, and no apt-get that would install what is missing.
for tool in bash base64 basename cat cp cut dirname du find flock gzip head id mkdir mktemp mv od realpath rm sed sha256sum sha512sum \
  sleep sort sync tar tr uname xargs; do
  ln -s "$(command -v "$tool")" "$tools/$tool"
done

stub() { # NAME: a command, its text from standard input
  { printf '#!%s\n' "$(command -v bash)"; cat; } >"$stubs/$1"
  chmod +x "$stubs/$1"
}
stub gcc </dev/null
stub npm <<'STUB'
echo "$2" >>"$CALLS"
case "${NPM:-}" in
  fail) echo "stand-in: no such host" >&2; exit 1 ;;
  hang) echo $$ >"$CALLS.pid"; exec sleep 60 ;;
  slow) sleep 0.5 ;;
esac
name=${2//\//-}
cp "$TARBALLS/$name.tgz" .
echo "$name.tgz"
STUB
stub dotnet <<'STUB'
case "$1" in
  --version) echo 10.0.400 ;;
  pack)
    echo "$1" >>"$CALLS"
    for argument in "$@"; do [[ $argument == -p:SourceFolder=* ]] && from=${argument#*=}; [ "${last:-}" = -o ] && to=$argument; last=$argument; done
    # A build server outlives the build that started it.
    if [ "${DOTNET:-}" = server ]; then
      sleep 20 >/dev/null 2>&1 &
      echo $! >"$CALLS.server"
    fi
    mkdir -p "$to"
    cp "$from/Plugins/Linux/x64/libonnxruntime.so" "$to/Microsoft.ML.OnnxRuntime.1.29.0.nupkg" ;;
  build) echo "$1" >>"$CALLS"; echo "noise of a build"; [ "${DOTNET:-}" != fail ] || exit 1 ;;
  *safety.dll)
    echo "$2 $3" >>"$CALLS"
    while [ "$1" != --home ]; do shift; done
    mkdir -p "$2/models/one" "$2/photographs"
    echo weights >"$2/models/one/model.onnx"
    echo picture >"$2/photographs/one.jpg" ;;
esac
STUB

package() { # NAME VERSION FILE...: a package whose files hold their names, and its line in packages.json
  local name=$1 version=$2 folder=$work/package file
  shift 2
  rm -rf "$folder"
  for file in "$@"; do mkdir -p "$(dirname "$folder/$file")"; echo "content of $file" >"$folder/$file"; done
  local archive=$tarballs/${name//\//-}@$version.tgz
  tar -czf "$archive" -C "$work" package
  printf '  {"name": "%s", "version": "%s", "integrity": "sha512-%s", "use": "tests"},\n' "$name" "$version" \
    "$(sha512sum <"$archive" | cut -d' ' -f1 | tr a-f A-F | fold -w2 | while read -r byte; do printf '%b' "\\x$byte"; done | base64 -w0)" >>"$top/native/packages.json"
}
onnxruntime=com.github.asus4.onnxruntime
libvips=@img/sharp-libvips-linux-x64
package $onnxruntime 0.4.9 Plugins/Linux/x64/libonnxruntime.so
package $libvips 1.3.4 versions.json lib/libvips-cpp.so.8.18.7
cp "$top/native/packages.json" "$work/packages.json"
cp -R "$tarballs" "$work/good tarballs"

restore() { # ARGUMENT...: runs the script with the stand-ins; its output goes to $work/log
  [ -n "${LOG:-}" ] || : >"$work/calls"
  # exec, so that in the background the script is the process that $! names.
  exec env -i PATH="${SEARCH:-$stubs:$tools}" HOME="$work" SAFETYSDK_HOME="${TARGET-$home}" CALLS="$work/calls" TARBALLS="$tarballs" \
    NPM="${NPM:-}" DOTNET="${DOTNET:-}" bash "$top/native/restore.sh" "$@" >"${LOG:-$work/log}" 2>&1
}
succeeds() { (restore "$@") || { echo "exit code $?"; cat "$work/log"; return 1; }; }
fails() { # PATTERN: the script fails, and one line of its output says so
  if (restore); then echo "it succeeded"; return 1; fi
  grep -q -- "$1" "$work/log" || { echo "not said: $1"; cat "$work/log"; return 1; }
}
calls() { # CALL...: exactly these were made of npm and dotnet, in any order
  diff <(printf '%s\n' "$@" | sed '/^$/d' | sort) <(sort "$work/calls")
}
clean() { # no temporary folder and no half file in the home or the feed
  local left
  left=$(find "$home" "$feed" \( -name '.restore.*' -o -name '*.partial' -o -name '*.tgz' \) 2>/dev/null)
  [ -z "$left" ] || { printf 'left behind: %s\n' "$left"; return 1; }
}
absent() { # FILE...: none of the home exists
  local file
  for file in "$@"; do [ ! -e "$home/$file" ] || { echo "$file exists"; return 1; }; done
}
complete() { # every file is there with the content of its package
  diff <(cd "$home" && cat runtime/linux-x64/{libonnxruntime.so,libvips-cpp.so.8.18.7,versions.json} models/one/model.onnx photographs/one.jpg) - <<'FILES' \
    && cmp "$feed/Microsoft.ML.OnnxRuntime.1.29.0.nupkg" "$home/runtime/linux-x64/libonnxruntime.so" && clean
content of Plugins/Linux/x64/libonnxruntime.so
content of lib/libvips-cpp.so.8.18.7
content of versions.json
weights
picture
FILES
}
unchanged() { # no call and no file made: what a run without work does
  succeeds && calls '' && grep -q 'everything is there' "$work/log"
}
fresh() { rm -rf "$home" "$feed" "$tarballs"; cp -R "$work/good tarballs" "$tarballs"; cp "$work/packages.json" "$top/native/packages.json"; }
wait_for() { # FILE: until it is there and not empty, 10 s at most
  for _ in {1..100}; do [ ! -s "$1" ] || return 0; sleep 0.1; done
  echo "$1 did not appear"
  return 1
}

check() { # DESCRIPTION COMMAND
  if eval "$2" >"$work/report" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAIL %s\n' "$1"
    sed 's/^/  /' "$work/report"
  fi
}
vips="$libvips@1.3.4" onnx="$onnxruntime@0.4.9"
so=$home/runtime/linux-x64/libvips-cpp.so.8.18.7

check "a first run restores everything" 'succeeds && complete && calls $onnx $vips pack build "models restore"'
check "progress names every package, and builds are quiet" \
  'grep -q "fetching $onnx" "$work/log" && grep -q "fetching $vips" "$work/log" && ! grep -q noise "$work/log"'
check "a second run does nothing and needs no network" 'NPM=fail DOTNET=fail unchanged'
check "a second run needs no tools" 'SEARCH=$tools unchanged'
check "--force restores again" 'succeeds --force && complete && calls $onnx $vips pack build "models restore"'
check "an unknown argument is refused" '! (restore --forced) && grep -q "unknown argument .--forced" "$work/log" && calls ""'
check "a relative home is the same home" 'cd "$top" && TARGET="its home" unchanged'
check "an empty home variable is the default home" 'TARGET= succeeds && [ -f "$top/.safetysdk/models/one/model.onnx" ] && calls $onnx $vips build "models restore"'

echo altered >>"$so"
check "an altered library is restored, and only it" 'succeeds && complete && calls $vips'
rm "$home/runtime/linux-x64/versions.json"
check "a missing file is restored" 'succeeds && complete && calls $vips'
echo altered >>"$home/models/one/model.onnx"
check "an altered model is left to the library" 'succeeds && complete && calls build "models restore"'
rm "$home/photographs/one.jpg"
check "a missing photograph is restored" 'succeeds && complete && calls build "models restore"'
: >"$feed/Microsoft.ML.OnnxRuntime.1.29.0.nupkg"
check "a damaged package in the feed is built again" 'succeeds && complete && calls $onnx pack'
echo altered >>"$home/runtime/linux-x64/libonnxruntime.so"
check "an altered ONNX Runtime is restored without a build" 'succeeds && complete && calls $onnx'
echo "// changed" >>"$top/src/SafetySdk.Models/Converter.cs"
check "a changed converter runs the library again" 'succeeds && complete && calls build "models restore" && unchanged'
sed -i 's/nothing/nothing at all/' "$top/native/onnxruntime/Microsoft.ML.OnnxRuntime.csproj"
check "a changed project builds the package again" 'succeeds && complete && calls $onnx pack && unchanged'
echo mine >"$home/models/own.onnx"
check "an own model in the home is no reason to work" 'unchanged'
rm "$home/photographs/one.jpg"
succeeds >/dev/null
echo mine, altered >"$home/models/own.onnx"
check "an own model that was altered stays" 'succeeds && calls build "models restore" && grep -q "mine, altered" "$home/models/own.onnx" && clean'

fresh
cp "$tarballs/${onnx}.tgz" "$tarballs/${vips//\//-}.tgz"
check "another archive than the pinned one is refused by name" 'fails "$vips is not the pinned file"'
check "nothing of it stays, what was verified does" 'clean && absent runtime/linux-x64/versions.json receipts/libvips.sha256 models && [ -f "$home/receipts/onnxruntime.sha256" ]'
cp "$work/good tarballs/"* "$tarballs/"
check "the next run goes on where it stopped" 'succeeds && complete && calls $vips build "models restore"'
fresh
truncate -s -20 "$tarballs/$onnx.tgz"
check "a truncated archive is refused by name" 'fails "$onnx is not the pinned file" && clean && absent runtime/linux-x64/libonnxruntime.so receipts models'
fresh
check "a failing npm is named with what it said" 'NPM=fail fails "npm pack $onnx failed" && grep -q "stand-in: no such host" "$work/log" && clean && absent receipts models'
succeeds >/dev/null
echo altered >>"$so"
check "a failed repair keeps the receipts of what is whole" 'NPM=fail fails "npm pack $vips failed" && clean && succeeds && complete && calls $vips'
fresh
sed -i "\|$libvips|d" "$top/native/packages.json"
check "a package without a pin is named" 'fails "$libvips is not pinned" && clean && absent runtime/linux-x64/versions.json'
fresh
sed -i "s|sha512-|sha1-|" "$top/native/packages.json"
check "a pin without sha512 is no pin" 'fails "$onnxruntime is not pinned" && calls "" && clean'
fresh
check "a failing build shows its output" 'DOTNET=fail fails "command line could not be built" && grep -q "noise of a build" "$work/log" && clean && absent receipts/models.sha256'

fresh
mkdir "$work/fewer" && cp "$stubs/dotnet" "$work/fewer/"
check "missing tools are named in one line with the command" \
  'SEARCH="$work/fewer:$tools" fails "^restore: missing: npm, gcc\. Install with: sudo apt-get install nodejs npm gcc libc6-dev$" && [ "$(wc -l <"$work/log")" = 1 ] && absent .'
check "a missing SDK is named too" 'SEARCH=$tools fails "missing: .NET SDK 10 (.*), npm, gcc\. Install with: .*dotnet-sdk-10.0" && absent .'
if [ "$(id -u)" = 0 ]; then
  # Installs what is asked for, as the real one would.
  printf '#!%s\necho "$*" >>"$CALLS"\ncase "$*" in install*) cp "%s/npm" "%s/gcc" "%s/fewer/" ;; esac\n' "$(command -v bash)" "$stubs" "$stubs" "$work" >"$work/fewer/apt-get"
  chmod +x "$work/fewer/apt-get"
  sed -i 's/install\*/*install*/' "$work/fewer/apt-get"
  check "run as root, missing tools are installed" 'SEARCH="$work/fewer:$tools" succeeds && complete && grep -q "install.* nodejs npm gcc libc6-dev" "$work/calls"'
fi
fresh
mkdir "$work/other" && printf '#!%s\necho Plan9\n' "$(command -v bash)" >"$work/other/uname" && chmod +x "$work/other/uname"
check "another platform is named" 'SEARCH="$work/other:$stubs:$tools" fails "only linux-x64 .*Plan9-Plan9" && calls "" && absent .'
echo file >"$work/file"
check "a home that cannot be made is named" 'TARGET="$work/file/home" fails "file/home cannot be written" && calls ""'
mkdir -p "$top/native" && echo file >"$feed"
check "a feed that cannot be written is named" 'fails "native/feed cannot be written" && calls "" && clean'
fresh
mkdir "$work/full" && printf '#!%s\nhead -c 5 "$1" >"$2"\necho "No space left on device" >&2\nexit 1\n' "$(command -v bash)" >"$work/full/cp" && chmod +x "$work/full/cp"
check "a full disk is an error that names the file" \
  'succeeds && echo altered >>"$so" && sed -i "s/^cp /\/bin\/cp /" "$stubs/npm" && SEARCH="$work/full:$stubs:$tools" fails "versions.json cannot be written" && clean && grep -q altered "$so"'
check "and the next run heals it" 'succeeds && complete'

kill_it() { # SIGNAL: kills a run that waits for npm, and nothing else
  rm -f "$work/calls.pid"
  (NPM=hang restore) &
  local script=$!
  wait_for "$work/calls.pid" || return 1
  kill "-$1" "$script"
  # After SIGKILL npm goes on, as it would; otherwise it ends, for bash may answer a signal only then.
  if [ "$1" = KILL ]; then
    hung+=("$(cat "$work/calls.pid")")
  else
    kill "$(cat "$work/calls.pid")"
  fi
  wait "$script" 2>/dev/null
  [ $? -gt 128 ] || { echo "it was not killed"; return 1; }
}
fresh
check "a killed run leaves nothing that counts" 'kill_it KILL && absent receipts models runtime/linux-x64/libonnxruntime.so && ls -d "$home"/.restore.* >/dev/null'
check "the run after it restores everything and sweeps, while the killed run's npm lives" 'kill -0 "${hung[0]}" && succeeds && complete'
fresh
check "a terminated run sweeps for itself" 'kill_it TERM && clean'
fresh
succeeds >/dev/null
cp "$home/receipts/libvips.sha256" "$home/receipts/libvips.sha256.partial"
head -c 3 "$so" >"$so.partial"
: >"$feed/Microsoft.ML.OnnxRuntime.1.29.0.nupkg.partial"
rm "$so"
check "half files of a killed run are swept" 'succeeds && complete && calls $vips'

fresh
twice() {
  : >"$work/calls"
  (NPM=slow LOG=$work/log.1 restore) &
  local first=$!
  (NPM=slow LOG=$work/log.2 restore) &
  local second=$!
  wait "$first" && wait "$second" && complete && cat "$work/log.1" "$work/log.2" >"$work/log"
}
check "two runs at once take turns, and the second finds the work done" \
  'twice && calls $onnx $vips pack build "models restore" && grep -q "waiting for another run" "$work/log"'
echo altered >>"$so"
check "a file altered after two runs at once is restored" 'succeeds && complete && calls $vips'
fresh
DOTNET=server succeeds >/dev/null
hung+=("$(cat "$work/calls.server")")
echo altered >>"$so"
check "a build server that outlives a run does not hold its locks" \
  'kill -0 "$(cat "$work/calls.server")" && succeeds && ! grep -q waiting "$work/log" && complete'

printf 'restore: %d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
