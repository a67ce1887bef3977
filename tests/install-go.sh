#!/bin/sh
# Install Go with gRPC from Debian where we may, else say so: the tests of the client in Go skip then.
set -eu
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Go with gRPC is missing: installing it with apt-get ..."
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends golang-go \
        golang-google-grpc-dev golang-google-protobuf-dev golang-github-golang-protobuf-1-5-dev \
        protoc-gen-go protoc-gen-go-grpc >/dev/null
    exit 0
fi
echo "Debian's Go with gRPC is missing, so the client in Go is not tested. It is in:"
echo "  golang-go golang-google-grpc-dev golang-google-protobuf-dev protoc-gen-go protoc-gen-go-grpc"
