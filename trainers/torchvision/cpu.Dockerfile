# The trainer for machines without a GPU, with the packages of Debian that trainer.conf names: a quarter of the size of the other image.
# Build it from trainers/:  docker build -f torchvision/cpu.Dockerfile -t vision-trainer-torchvision:cpu .
FROM debian:12-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        python3 \
        python3-numpy \
        python3-onnx \
        python3-opencv \
        python3-pil \
        python3-torch \
        python3-torchvision \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin trainer \
    && install -d -o trainer -g trainer /var/cache/trainer
WORKDIR /opt/trainer
COPY sdk/trainer_sdk sdk/trainer_sdk
COPY torchvision/torchvision_trainer torchvision/torchvision_trainer

ENV PYTHONPATH=/opt/trainer/sdk:/opt/trainer/torchvision \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TRAINER_CACHE_DIR=/var/cache/trainer \
    TRAINER_CACHE_MAX_GB=5
USER trainer
EXPOSE 7301
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python3", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '7301') + '/health', timeout=4)"]
STOPSIGNAL SIGTERM
# It listens on all addresses of the container, on the port of PORT or 7301: set TRAINER_API_KEY wherever the port can be reached.
CMD ["python3", "-m", "torchvision_trainer", "--host", "0.0.0.0"]
