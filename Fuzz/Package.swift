// swift-tools-version: 6.2
import PackageDescription

// A package of its own, since libFuzzer needs unsafe flags. To add a target: add its name here, and a file
// `Sources/<name>/<name>.swift` with `LLVMFuzzerTestOneInput` in it; seeds, if any, go into `Corpus/<name>/`.
let fuzzers = ["FuzzBase64URL", "FuzzEventStream", "FuzzForm", "FuzzJSON", "FuzzJWS", "FuzzRefreshToken"]

let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "martlet", path: "..", traits: [])
    ],
    targets: [.target(name: "FuzzSupport")]
        + fuzzers.map { name in
            .executableTarget(
                name: name,
                dependencies: [
                    "FuzzSupport",
                    .product(name: "MartletJOSE", package: "martlet"),
                    .product(name: "MartletProtocol", package: "martlet"),
                ],
                // libFuzzer brings `main`. `run.sh` has the rest of the build instrumented as well.
                swiftSettings: [.unsafeFlags(["-parse-as-library"])],
                linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]
            )
        },
    swiftLanguageModes: [.v6]
)
