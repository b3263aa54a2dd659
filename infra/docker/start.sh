#!/bin/sh
# Starts the app in a container: it listens on all addresses, on the port that the host asks for in PORT.
export ASPNETCORE_URLS="${ASPNETCORE_URLS:-http://*:${PORT:-7071}}"
exec dotnet /app/Functions.Api.dll "$@"
