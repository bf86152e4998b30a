#!/usr/bin/env bash
# Installs what the build needs, with --tests what the tests need as well, with --screenshots what the pictures of the
# pages need, with --demo what the demo needs, with --bench what the benchmark needs (the servers that it compares with,
# too), and with --model what the model of the rotation rule needs instead. Asks for nothing where nothing is missing.
# Swift itself is not installed: see https://www.swift.org/install.
set -euo pipefail
cd "$(dirname "$0")/.."

model=false
if [[ ${1-} == --model ]]; then model=true; fi

if ! $model && ! command -v swift >/dev/null; then
    echo "error: there is no swift command. Martlet needs Swift 6.2 or later: https://www.swift.org/install" >&2
    exit 1
fi

# libsodium hashes passwords, SQLite stores, zlib is for status lists and the HTTP client, libmaxminddb tells where
# addresses are, libcurl sends mail; pkg-config finds them.
packages=(libsodium-dev libsqlite3-dev zlib1g-dev libmaxminddb-dev libcurl4-openssl-dev pkg-config)
# Folder and list of Python packages.
venv=() python=false nginx=false
case ${1-} in
    --tests | --screenshots)
        venv=(.venv Tests/requirements.txt) python=true
        # A browser, what drives it, and what tells it of the local CA.
        packages+=(chromium chromium-driver libnss3-tools)
        # Clients that are not ours, and certificates of others.
        packages+=(curl openssl)
        # For a clock that is told the time.
        if [[ $1 == --screenshots ]]; then packages+=(faketime); fi
        if command -v dpkg-query >/dev/null && ! command -v nginx >/dev/null && [[ ! -x .nginx/usr/sbin/nginx ]]; then
            # A library of its; the others are there wherever apt is.
            packages+=(libpcre2-8-0) nginx=true
        fi ;;
    --demo) packages+=(curl) ;;
    --bench)
        if ! command -v dpkg-query >/dev/null; then
            echo "error: the benchmark's other servers are installed with apt, which is not here." >&2
            exit 1
        fi
        venv=(.venv-bench Benchmarks/requirements.txt) python=true
        packages+=(wrk binutils linux-perf openssl glewlwyd) ;;
esac
if $python; then
    # A Python that was not installed by apt may bring these along.
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then packages+=(python3 python3-venv); fi
fi
if $model; then
    # spin writes a C program.
    packages=(spin)
    if ! command -v cc >/dev/null; then packages+=(gcc libc6-dev); fi
fi

if command -v dpkg-query >/dev/null; then
    missing=() as_root=()
    ((EUID == 0)) || as_root=(sudo)
    for package in "${packages[@]}"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    if ((${#missing[@]} > 0)); then
        echo "installing ${missing[*]}"
        "${as_root[@]}" apt-get update -qq
        DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}"
    fi
elif [[ $(uname) == Darwin ]]; then
    # SQLite, zlib, libcurl and a C compiler are part of the system.
    if $model; then
        command -v spin >/dev/null || brew install spin
    else
        pkg-config --exists libsodium libmaxminddb 2>/dev/null || brew install libsodium libmaxminddb pkgconf
    fi
elif $model; then
    if ! command -v spin >/dev/null || ! command -v cc >/dev/null; then
        echo "error: install spin (https://spinroot.com) and a C compiler with your system's package manager." >&2
        exit 1
    fi
elif ! pkg-config --exists libsodium sqlite3 zlib libmaxminddb libcurl; then
    echo "error: install the development files of libsodium, SQLite, zlib, libmaxminddb and libcurl with your system's package manager." >&2
    exit 1
fi

if $nginx; then
    # The program alone, in a folder of ours: the package would start a server on port 80.
    echo "installing nginx into .nginx"
    rm -rf .nginx
    mkdir .nginx
    cd .nginx
    # Where apt knows of no packages yet, it is asked to look.
    apt-get download -qq nginx 2>/dev/null || { "${as_root[@]}" apt-get update -qq && apt-get download -qq nginx; }
    dpkg-deb --extract nginx_*.deb .
    rm nginx_*.deb
    cd ..
fi

if ((${#venv[@]} > 0)); then
    # A folder of our own, made anew when the list of packages changes.
    folder=${venv[0]} list=${venv[1]}
    if ! cmp -s "$list" "$folder/requirements.txt"; then
        echo "installing $list into $folder"
        rm -rf "$folder"
        python3 -m venv "$folder"
        "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$list"
        cp "$list" "$folder/requirements.txt"
    fi
fi
