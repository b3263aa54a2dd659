# The model server, for any amd64 or arm64 machine. Build it from the root of the repository:
#   docker build -f infra/docker/model-server.Dockerfile -t vision-model-server .
# For an NVIDIA GPU (amd64; the machine needs the NVIDIA Container Toolkit):
#   docker build -f infra/docker/model-server.Dockerfile --build-arg GPU=true --build-arg BASE=nvidia/cuda:12.9.1-cudnn-runtime-ubuntu24.04 -t vision-model-server:gpu .
ARG DOTNET=10.0
ARG BASE=mcr.microsoft.com/dotnet/runtime-deps:10.0
FROM mcr.microsoft.com/dotnet/sdk:${DOTNET} AS build
ARG GPU=false
WORKDIR /source
# Copy the files for restore first, so that a change of code does not download the packages again.
COPY Directory.Build.props Directory.Build.targets Directory.Packages.props ./
COPY src/Domain/Domain.csproj src/Domain/
COPY src/Images/Images.csproj src/Images/
COPY src/ModelServer/ModelServer.csproj src/ModelServer/
RUN dotnet restore src/ModelServer/ModelServer.csproj --use-current-runtime -p:Gpu=${GPU}
COPY .editorconfig ./
COPY src/Domain src/Domain
COPY src/Images src/Images
COPY src/ModelServer src/ModelServer
# With its own runtime, so that it runs on an image with CUDA too.
RUN dotnet publish src/ModelServer/ModelServer.csproj -c Release --no-restore --self-contained --use-current-runtime -p:Gpu=${GPU} -o /out

FROM ${BASE}
COPY --from=build /out /app
WORKDIR /app
ENV DOTNET_EnableDiagnostics=0 PORT=7401 MODEL_SERVER_CACHE_DIR=/var/cache/models
RUN mkdir -p /var/cache/models && chown 1654:1654 /var/cache/models
# The number of the user without rights in .NET's images. It writes only to the cache and to /tmp.
USER 1654
VOLUME /var/cache/models
EXPOSE 7401
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=6 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${PORT:-7401} && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/model-server"]
