# polycue in a container. docs/container.md has the commands.
#
#   cpu    (the default) the server and the command line
#   cuda   the same and NVIDIA's cuBLAS, so no special base image; the driver comes with the GPU node
#   demo   cpu with the demo models and the demo film in it
#
# BASE may be any Debian 12 with apt, or a later one: its own Python and ffmpeg are used.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS base
# Debian's ffmpeg brings drivers for drawing on a screen, which nothing here has: 160 MB less.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates ffmpeg python3 \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* /usr/lib/*/libLLVM-*.so* /usr/lib/*/libz3.so* /usr/lib/*/dri

# ---- packages: everything with pip and compilers in it stays behind ------------------------------
FROM base AS packages
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/*
# Certificates that pip is to trust, where the build runs behind a proxy with its own.
ARG PIP_CERT
# pip in an environment of its own: what runs has no installer in it.
RUN python3 -m venv /opt/pip && python3 -m venv --without-pip /opt/polycue
ENV PATH=/opt/polycue/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_PYTHON=/opt/polycue/bin/python
WORKDIR /src
# --no-deps: the lock is whole, and argostranslate's own list would bring torch (overrides.txt).
COPY requirements.lock ./
RUN /opt/pip/bin/pip install --no-deps --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY service service
COPY clients clients
RUN /opt/pip/bin/pip install --no-deps .

# CTranslate2's wheel opens cuBLAS and nothing else of CUDA's.
FROM packages AS packages-cuda
ARG PIP_CERT
COPY requirements-cuda.lock ./
RUN /opt/pip/bin/pip install --no-deps --require-hashes -r requirements-cuda.lock

# Taken up here, since the folder of the finished image is never written to.
FROM packages AS models-demo
COPY demo/models demo/models
RUN polycue models import demo/models --models-dir /usr/share/polycue/models

# ---- what runs -----------------------------------------------------------------------------------
FROM base AS runtime
LABEL org.opencontainers.image.title="polycue" \
      org.opencontainers.image.description="Video in, subtitles out, in any language, offline" \
      org.opencontainers.image.licenses="GPL-3.0-only AND Apache-2.0"
RUN groupadd --gid 10001 polycue \
    && useradd --uid 10001 --gid polycue --home-dir /var/lib/polycue --no-create-home \
        --shell /usr/sbin/nologin polycue \
    && install -d -o polycue -g polycue /var/lib/polycue /var/lib/polycue/models
# All that is ever written lies below the volume, or in /tmp: the rest may be mounted read-only.
# onnxruntime reports to its maker from version 1.29 on, unless it is told not to.
ENV ORT_DISABLE_TELEMETRY=1
ENV PATH=/opt/polycue/bin:$PATH \
    HOME=/var/lib/polycue \
    POLYCUE_LISTEN=0.0.0.0:50051 \
    POLYCUE_ADMIN_LISTEN=127.0.0.1:50052 \
    POLYCUE_DATA_DIR=/var/lib/polycue/data \
    POLYCUE_MODELS_DIR=/var/lib/polycue/models
VOLUME /var/lib/polycue
WORKDIR /var/lib/polycue
EXPOSE 50051
USER 10001:10001
# At the admin port, which wants neither certificates nor tokens: it is the container's own loopback.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["polycue", "health", "--server", "127.0.0.1:50052"]
ENTRYPOINT ["polycue"]
CMD ["serve"]

FROM runtime AS cuda
COPY --from=packages-cuda /opt/polycue /opt/polycue
# What NVIDIA's container toolkit puts into the container: the driver, for computing only.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility

FROM runtime AS demo
COPY --from=packages /opt/polycue /opt/polycue
COPY --from=models-demo /usr/share/polycue/models /usr/share/polycue/models
COPY demo/tour.mp4 /usr/share/polycue/
ENV POLYCUE_MODELS_DIR=/usr/share/polycue/models

FROM runtime AS cpu
COPY --from=packages /opt/polycue /opt/polycue
