#!/usr/bin/env bash
# The main job in one command: restores, builds, then runs the full stack over real photographs and prompts and prints a table.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
bash "$root/native/restore.sh"
dotnet build "$root/samples/quickstart/quickstart.csproj" -c Release --nologo -v quiet >&2
exec dotnet "$root/samples/quickstart/bin/Release/net10.0/quickstart.dll" "$root/../shared/testdata/photos"
