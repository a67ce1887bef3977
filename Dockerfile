# polycue in a container. docs/container.md has the commands.
#
#   cpu    (the default) the server and the command line
#   cuda   the same and NVIDIA's cuBLAS, so no special base image; the driver comes with the GPU node
#   ray    the same as cuda and Ray, for a cluster's nodes and for a server that works on one
#   demo   cpu with the demo models and the demo film in it
#
# Everything is pinned and hashed: Debian's packages by deploy/image/debian-*.lock, Python's by
# requirements*.lock, and what builds them by requirements-build.lock. No image is built upon BASE;
# it only fetches and unpacks, so it may be any Debian with apt. Layers are ordered by how seldom they
# change: Debian, Python's packages, NVIDIA's, models, polycue.
ARG BASE=debian:bookworm-slim

# ---- Debian, from the archives of its packages: no shell and no package manager is in there --------
FROM ${BASE} AS debian
# Where the packages are, if not where BASE's own apt takes its packages from; and where those are that
# Debian has replaced since the lock was made: the address of an archive of Debian's snapshots.
ARG DEBIAN_MIRROR=
ARG DEBIAN_SNAPSHOT=
COPY deploy/image/debian-*.lock deploy/image/left-out-debian.txt deploy/image/mirror.sh \
     deploy/image/unpack.sh deploy/image/finish.sh /image/
RUN cd /image \
    && sh unpack.sh runtime /roots/runtime && sh finish.sh /roots/runtime \
    && sh unpack.sh build /roots/build \
    && sh unpack.sh ray /roots/ray \
    && rm -rf /var/cache/fetched

FROM scratch AS os
COPY --from=debian /roots/runtime /
ENV PATH=/opt/polycue/bin:/usr/bin:/bin

# ---- Python's packages: everything with pip and compilers in it stays behind ----------------------
FROM os AS tools
COPY --from=debian /roots/build/usr /usr
# Certificates that pip is to trust, where the build runs behind a proxy with its own.
ARG PIP_CERT
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements-build.lock ./
RUN python3 -m venv --without-pip /opt/build \
    && PYTHONPATH=$(echo /usr/share/python-wheels/pip-*.whl) /opt/build/bin/python -m pip install -q \
        --no-deps --require-hashes --only-binary :all: -r requirements-build.lock

FROM tools AS packages
ARG PIP_CERT
COPY requirements.lock deploy/image/install.sh deploy/image/leave_out.py \
     deploy/image/left-out-python.txt ./
# pip stays in an environment of its own: what runs has no installer in it.
RUN python3 -m venv --without-pip /opt/polycue \
    && sh install.sh requirements.lock /reports/packages.json \
    && python3 leave_out.py left-out-python.txt /opt/polycue/lib/python3.11/site-packages

# CTranslate2's wheel opens cuBLAS and nothing else of CUDA's.
FROM packages AS packages-cuda
ARG PIP_CERT
COPY requirements-cuda.lock deploy/image/left-out-cuda.txt ./
RUN touch /before \
    && sh install.sh requirements-cuda.lock /reports/cuda.json \
    && python3 leave_out.py left-out-cuda.txt /opt/polycue/lib/python3.11/site-packages \
    && sh install.sh --new-since /before /added

FROM packages-cuda AS packages-ray
ARG PIP_CERT
COPY requirements-ray.lock deploy/image/left-out-ray.txt deploy/image/compile.py ./
RUN touch /before \
    && sh install.sh requirements-ray.lock /reports/ray.json \
    && python3 leave_out.py left-out-ray.txt /opt/polycue/lib/python3.11/site-packages \
    && /opt/polycue/bin/python -B compile.py ray ray.scripts.scripts \
    && rm -rf /added && sh install.sh --new-since /before /added

# ---- polycue itself, and the bytecode of all it imports: most of Python's files nobody ever reads --
FROM packages AS app
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY service service
COPY clients clients
COPY deploy/image/compile.py ./
RUN touch /before \
    && /opt/build/bin/pip wheel -q --no-deps --no-build-isolation --wheel-dir /wheels . \
    && sh install.sh /wheels /reports/app.json \
    && /opt/polycue/bin/python -B compile.py 'polycue.*' 'polycue_client.*' \
        argostranslate.package language_data.name_data psycopg psycopg_pool s3fs \
    && sh install.sh --new-since /before /added
COPY deploy/image/debian-*.lock deploy/image/sbom.py ./
COPY --from=debian /roots/runtime/var/lib/dpkg/status.d /debian/runtime

FROM app AS sbom
RUN /opt/build/bin/python sbom.py --groups runtime --reports packages app

FROM app AS sbom-cuda
COPY --from=packages-cuda /reports/cuda.json /reports/
RUN /opt/build/bin/python sbom.py --groups runtime --reports packages cuda app

FROM app AS sbom-ray
COPY --from=packages-ray /reports/cuda.json /reports/ray.json /reports/
COPY --from=debian /roots/ray/var/lib/dpkg/status.d /debian/ray
RUN /opt/build/bin/python sbom.py --groups runtime ray --reports packages cuda ray app

# Taken up here, since the folder of the finished image is never written to.
FROM app AS models-demo
COPY demo/models demo/models
RUN polycue models import demo/models --models-dir /usr/share/polycue/models

# ---- what runs -----------------------------------------------------------------------------------
FROM os AS runtime
# All that is ever written lies below the volume, or in /tmp: the rest may be mounted read-only.
# onnxruntime reports to its maker from version 1.29 on, unless it is told not to.
ENV ORT_DISABLE_TELEMETRY=1
ENV HOME=/var/lib/polycue \
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
# No base image: what comes from Debian is in /usr/share/polycue/sbom.json, package by package.
LABEL org.opencontainers.image.title="polycue" \
      org.opencontainers.image.description="Video in, subtitles out, in any language, offline" \
      org.opencontainers.image.base.name="scratch" \
      org.opencontainers.image.licenses="GPL-3.0-only AND Apache-2.0" \
      polycue.sbom="/usr/share/polycue/sbom.json"
COPY --from=packages /opt/polycue /opt/polycue

FROM runtime AS cuda
# What NVIDIA's container toolkit puts into the container: the driver, for computing only.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=packages-cuda /added /
COPY --from=app /added /
COPY --from=sbom-cuda /sbom.json /usr/share/polycue/sbom.json
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="GPL-3.0-only AND Apache-2.0 AND LicenseRef-NVIDIA-CUDA"

FROM runtime AS ray
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=debian /roots/ray/usr /usr
COPY --from=debian /roots/ray/etc /etc
COPY --from=debian /roots/ray/var/lib/dpkg/status.d /var/lib/dpkg/status.d
COPY --from=packages-cuda /added /
COPY --from=packages-ray /added /
COPY --from=app /added /
COPY --from=sbom-ray /sbom.json /usr/share/polycue/sbom.json
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="GPL-3.0-only AND Apache-2.0 AND LicenseRef-NVIDIA-CUDA"

FROM runtime AS demo
COPY --from=models-demo /usr/share/polycue/models /usr/share/polycue/models
COPY demo/tour.mp4 /usr/share/polycue/
ENV POLYCUE_MODELS_DIR=/usr/share/polycue/models
COPY --from=app /added /
COPY --from=sbom /sbom.json /usr/share/polycue/sbom.json
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"

FROM runtime AS cpu
COPY --from=app /added /
COPY --from=sbom /sbom.json /usr/share/polycue/sbom.json
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
