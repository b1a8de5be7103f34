#!/usr/bin/env bash
# REGISTRY=registry.example.com/backup build-images.sh [OPTION...]: builds the images that hold the scripts, of
# what is committed, and names them $REGISTRY/{dump,python,watch}:$TAG. TAG is the commit, where none is set.
# The options are those of docker buildx build: --push, --pull, --no-cache. Status 2: a setting is wrong.
set -Eeuo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
readonly FOLDERS=(dockerfiles scripts)

# context: what the images are made of, with one mode for each kind of file, whatever the umask was when it
# was checked out.
context() {
    git -c tar.umask=0022 archive --format=tar HEAD "${FOLDERS[@]}"
}

# build FOLDER NAME OPTION...: the stage NAME-release of that folder's Dockerfile.
build() {
    local image=$REGISTRY/$2:$TAG
    context | docker buildx build --quiet --file "dockerfiles/$1/Dockerfile" --target "$2-release" --tag "$image" \
        --label org.opencontainers.image.title="$2" \
        --label org.opencontainers.image.version="$TAG" \
        --label org.opencontainers.image.revision="$commit" \
        --label org.opencontainers.image.created="$(TZ=UTC git log -1 --format=%cd --date=iso-strict-local)" \
        "${@:3}" - >/dev/null
    printf '%s\n' "$image"
}

if [[ -z ${REGISTRY:-} ]]; then
    printf 'REGISTRY: set where the images belong, as registry.example.com/backup\n' >&2
    exit 2
fi
commit=$(git rev-parse --verify HEAD)
: "${TAG:=${commit::12}}"
git diff --quiet HEAD -- "${FOLDERS[@]}" || printf 'what is not committed is not in these images\n' >&2
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) # as the image's own time, where the engine knows how
export SOURCE_DATE_EPOCH
build mysql-client dump "$@"
build python python "$@"
build python watch "$@"
