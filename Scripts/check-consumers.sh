#!/usr/bin/env bash
# Holds the promise of the traits: an app that only signs in, and a resource server that only verifies, never download
# a database or a web server. Resolves small packages that depend on this one, looks at what was fetched, and builds
# the app.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# Kept between runs, so that the second build of the app takes seconds.
scratch=$root/.build-consumers
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT

# consumer NAME PRODUCT TRAITS: makes a package and resolves it.
consumer() {
    local name=$1 product=$2 traits=$3 folder=$packages/$1
    mkdir -p "$folder/Sources/$name"
    cat >"$folder/Package.swift" <<MANIFEST
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "$name",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "martlet", path: "$root", traits: [$traits])],
    targets: [.executableTarget(name: "$name", dependencies: [.product(name: "$product", package: "martlet")])]
)
MANIFEST
    printf 'import %s\n\nprint("%s is linked")\n' "$product" "$product" >"$folder/Sources/$name/main.swift"
    # The folder may hold what an earlier manifest asked for.
    rm -rf "${scratch:?}/$name/checkouts" "$scratch/$name/workspace-state.json"
    swift package --package-path "$folder" --scratch-path "$scratch/$name" resolve >"$folder/log" 2>&1 || {
        cat "$folder/log" >&2
        return 1
    }
}

# fetched NAME: the packages that a consumer downloaded, one to a line.
fetched() { ls "$scratch/$1/checkouts"; }

# intruders NAME PACKAGE…: those of the packages that the consumer downloaded.
intruders() {
    local name=$1
    shift
    fetched "$name" | grep -ixF "$(printf '%s\n' "$@")" || true
}

heavy=(GRDB.swift Yams swift-argument-parser hummingbird)
failed=0

# check NAME PRODUCT TRAITS PACKAGE…: fails where the consumer downloaded one of the packages.
check() {
    local name=$1 product=$2 traits=$3 found
    shift 3
    consumer "$name" "$product" "$traits"
    echo "$name ($product) fetches: $(fetched "$name" | paste -sd' ')"
    found=$(intruders "$name" "$@")
    if [[ -n $found ]]; then
        echo "error: $name has no use for: $(paste -sd' ' <<<"$found"). Guard them with a trait in Package.swift." >&2
        failed=1
    fi
}

# First the check itself: the server does fetch them, or the names above are stale.
consumer Server MartletServer '"Server"'
found=$(intruders Server "${heavy[@]}")
if [[ $(wc -l <<<"$found") != "${#heavy[@]}" ]]; then
    echo "error: a server should fetch ${heavy[*]}, and of these it fetched only: $(paste -sd' ' <<<"$found")." >&2
    exit 1
fi

check App MartletClient '' "${heavy[@]}" jwt-kit
check ResourceServer MartletVerifier '' "${heavy[@]}" jwt-kit
check Middleware MartletHummingbird '"Hummingbird"' GRDB.swift Yams swift-argument-parser jwt-kit
((failed == 0)) || exit 1

swift build --package-path "$packages/App" --scratch-path "$scratch/App"
"$scratch/App/debug/App"
