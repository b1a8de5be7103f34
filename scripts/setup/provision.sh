#!/usr/bin/env bash
# What a bare Debian 12 or 13 machine needs before `docker compose up` works: Docker Engine with the
# Compose plugin, started, and the three base images. Sourced by quickstart.sh and tests/run.

# Stand-ins get these names too, so that nothing else has to know which of the two it runs on.
readonly BASE_IMAGE=debian:trixie-slim
readonly DATABASE_IMAGE=mariadb:11.8
readonly STORE_IMAGE=chrislusf/seaweedfs:4.48

STAND_INS=$(dirname -- "${BASH_SOURCE[0]}")/../../dockerfiles/stand-ins
readonly STAND_INS
readonly ENGINE_LOG=/var/log/dockerd.log

say() {
    printf '==> %s\n' "$*"
}

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

require_debian_and_root() {
    ((EUID == 0)) || die 'installing packages and starting Docker needs root: run it with sudo'
    (. /etc/os-release && [[ $ID == debian && $VERSION_ID =~ ^1[23]$ ]]) \
        || die 'this set-up knows Debian 12 and 13 only; with Docker installed, "docker compose up" is all you need'
}

# apt_install PACKAGE...: what is already there costs no request.
apt_install() {
    local package missing=()
    for package; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    say "installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# trixie_sources: this machine's own Debian mirrors, as sources.list lines for Debian 13.
trixie_sources() {
    local codename
    # shellcheck disable=SC1091 # every Debian has it
    codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    # shellcheck disable=SC2016 # apt fills these in
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' \
        | sort -u \
        | sed -nE "s#^([^ ]+) ($codename|stable|oldstable)(-updates|-security)?\$#deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \1 trixie\3 main#p"
}

# On Debian 12 the packaged Compose is version 1; the plugins of Debian 13 are plain Go programs that run there.
install_plugins_from_trixie() (
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work/lists/partial"
    trixie_sources >"$work/sources.list"
    options=(-o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=-
        -o "Dir::State::Lists=$work/lists" -o APT::Sandbox::User=root)
    cd "$work" || exit 1
    apt-get "${options[@]}" -qq update
    apt-get "${options[@]}" -qq download docker-compose docker-buildx
    for package in ./*.deb; do
        dpkg-deb -x "$package" unpacked
    done
    install -D -t /usr/local/lib/docker/cli-plugins unpacked/usr/libexec/docker/cli-plugins/*
)

install_docker() {
    # iptables is only recommended by some versions of docker.io, and without it no container has a network.
    command -v dockerd >/dev/null || apt_install docker.io iptables ca-certificates
    command -v docker >/dev/null || apt_install docker-cli # a package of its own since Debian 13
    if docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1; then
        return
    fi
    apt-get update -qq
    if [[ $(apt-cache policy docker-compose) =~ Candidate:\ 2\. ]]; then
        apt_install docker-compose docker-buildx
    else
        say "installing the Compose and buildx plugins of Debian 13"
        install_plugins_from_trixie
    fi
}

# forget_dead_engine: an engine that was killed leaves files which keep the next one from starting.
forget_dead_engine() {
    local file
    for file in /run/docker.pid /run/docker/containerd/containerd.pid; do
        if [[ -s $file ]] && ! grep -qsE 'dockerd|containerd' "/proc/$(<"$file")/cmdline"; then
            rm -f "$file" /run/docker.sock /run/docker/containerd/*.sock*
        fi
    done
}

start_docker() {
    docker info >/dev/null 2>&1 && return
    say "starting Docker Engine"
    if [[ -d /run/systemd/system ]]; then
        systemctl start docker
    else
        forget_dead_engine
        setsid dockerd >"$ENGINE_LOG" 2>&1 </dev/null &
    fi
    wait_until 60 docker info || die "Docker Engine does not start: see $ENGINE_LOG or journalctl -u docker"
}

# wait_until SECONDS COMMAND...: 0 as soon as the command succeeds, 1 when the time is over.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || return 1
        sleep 0.5
    done
}

# host_pip_settings: an index or proxy that this machine's pip uses, as a pip.conf for images.
host_pip_settings() {
    printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n'
    command -v pip3 >/dev/null || return 0
    pip3 config list 2>/dev/null \
        | sed -nE "s#^(global|:env:)\.(index-url|extra-index-url|proxy|trusted-host)='(.*)'\$#\2 = \3#p" \
        | grep -v '= file:' || true
}

# host_apt_settings: this machine's way to its mirrors, as an apt.conf for images.
host_apt_settings() {
    apt-config dump | grep -E '^Acquire::https?::' || true
    # as in the official image: apt leaves nothing behind in a layer
    printf '%s "";\n' Dir::Cache::pkgcache Dir::Cache::srcpkgcache
    printf 'APT::Keep-Downloaded-Packages "false";\n'
}

# Debian 13 out of packages alone. It carries over what this machine needs to reach its mirrors:
# their addresses, apt's and pip's settings, and certificates that an administrator added.
build_debian_stand_in() (
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    apt_install mmdebstrap debian-archive-keyring ca-certificates
    host_apt_settings >"$work/80host"
    host_pip_settings >"$work/pip.conf"
    mkdir -p /usr/local/share/ca-certificates
    # shellcheck disable=SC2016 # mmdebstrap fills in $1, the new system's root
    mmdebstrap --quiet --variant=minbase --include=ca-certificates \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook="copy-in $work/80host /etc/apt/apt.conf.d" \
        --customize-hook="copy-in $work/pip.conf /etc" \
        --customize-hook='copy-in /usr/local/share/ca-certificates /usr/local/share' \
        --customize-hook='chroot "$1" update-ca-certificates' \
        --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*' \
        trixie "$work/debian.tar" - < <(trixie_sources) >"$work/log" 2>&1 \
        || die "mmdebstrap failed: $(tail -n 1 "$work/log")"
    docker import --change 'CMD ["bash"]' "$work/debian.tar" "$BASE_IMAGE" >/dev/null
)

build_stand_in() {
    case $1 in
        "$BASE_IMAGE") build_debian_stand_in ;;
        "$DATABASE_IMAGE") docker build --quiet --tag "$1" "$STAND_INS/mariadb" >/dev/null ;;
        "$STORE_IMAGE") docker build --quiet --tag "$1" "$STAND_INS/seaweedfs" >/dev/null ;;
    esac
}

# provision_images: pulled, or, where no registry answers, built from packages under the same names.
provision_images() {
    local image reason
    for image in "$BASE_IMAGE" "$DATABASE_IMAGE" "$STORE_IMAGE"; do
        if docker image inspect "$image" >/dev/null 2>&1; then
            continue
        fi
        say "pulling $image"
        reason=$(docker pull --quiet "$image" 2>&1 >/dev/null) && continue
        [[ ! $reason =~ (toomanyrequests|manifest|not\ found|denied|unauthorized) ]] \
            || die "the image registry refuses $image: $reason"
        say "no image registry can be reached (${reason##*: }): building a stand-in out of packages"
        build_stand_in "$image"
    done
}

provision() {
    require_debian_and_root
    install_docker
    start_docker
    provision_images
}
