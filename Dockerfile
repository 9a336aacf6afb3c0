# syntax=docker/dockerfile:1
# Storewarden's image for those who build with an engine:
#
#   docker buildx build --platform linux/amd64,linux/arm64 -t storewarden .
#
# "make image" makes the same files into an OCI image layout without one. Both take them
# from test/image, which says what is in there and why.

# The build stage runs on the builder's own processor and compiles for the target's.
# It needs .git: the version, the commit and all times come from there.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
# The modules change more seldom than the code: a layer of their own.
COPY go.mod go.sum ./
COPY test/image/go.mod test/image/go.sum test/image/
RUN go mod download && go -C test/image mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN go -C test/image run . -platforms "$TARGETOS/$TARGETARCH" -rootfs /rootfs

# One static binary and the CA roots: no shell, no passwd, nothing to write to. The user
# is a number, so that the kubelet sees that it is not root.
FROM scratch
COPY --from=build /rootfs /
USER 65532:65532
ENTRYPOINT ["/usr/bin/storewarden"]
