# The platform app and its operations CLI, for any amd64 machine. Build it from the root of the repository:
#   docker build -f infra/docker/platform.Dockerfile -t vision-platform .
ARG DOTNET=10.0
FROM node:22-slim AS console
WORKDIR /source/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY docs/openapi.json ../docs/
COPY web ./
RUN npm run build

FROM mcr.microsoft.com/dotnet/sdk:${DOTNET} AS build
WORKDIR /source
# Copy the files for restore first, so that a change of code does not download the packages again.
COPY Directory.Build.props Directory.Build.targets Directory.Packages.props host.json ./
COPY src/Domain/Domain.csproj src/Domain/
COPY src/Infrastructure/Infrastructure.csproj src/Infrastructure/
COPY src/Application/Application.csproj src/Application/
COPY src/Functions.Embedded/Functions.Embedded.csproj src/Functions.Embedded/
COPY src/Functions.Orchestrations/Functions.Orchestrations.csproj src/Functions.Orchestrations/
COPY src/Functions.Api/Functions.Api.csproj src/Functions.Api/
COPY src/Cli/Cli.csproj src/Cli/
RUN dotnet restore src/Functions.Api/Functions.Api.csproj && dotnet restore src/Cli/Cli.csproj
COPY .editorconfig ./
COPY src src
RUN dotnet publish src/Functions.Api/Functions.Api.csproj -c Release --no-restore -o /out/app \
    && dotnet publish src/Cli/Cli.csproj -c Release --no-restore -o /out/cli \
    && cp host.json /out/app/

FROM mcr.microsoft.com/dotnet/aspnet:${DOTNET}
COPY --from=build /out/app /app
COPY --from=build /out/cli /cli
COPY --from=console /source/web/dist /app/console
RUN printf '#!/bin/sh\nexec dotnet /cli/platform-cli.dll "$@"\n' >/usr/local/bin/platform-cli && chmod 755 /usr/local/bin/platform-cli
COPY infra/docker/start.sh /usr/local/bin/start-platform
WORKDIR /app
ENV DOTNET_EnableDiagnostics=0
# The image's own user without rights. The app writes to the file system only in /tmp.
USER $APP_UID
EXPOSE 7071
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${PORT:-7071} && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/start-platform"]
