// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that peers that are only measured against are never fetched by users of Martlet.
let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "martlet", path: "..", traits: []),
        .package(url: "https://github.com/apple/swift-crypto.git", .upToNextMinor(from: "4.5.2")),
        .package(url: "https://github.com/vapor/jwt-kit.git", exact: "5.7.1"),
    ],
    targets: [
        // What signing and verifying cost beside the bare operations, and beside jwt-kit.
        .executableTarget(
            name: "JOSEBenchmark",
            dependencies: [
                .product(name: "MartletJOSE", package: "martlet"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
            ],
            path: "JOSEBenchmark"
        ),
        // What a cached check costs beside a verification, jwt-kit, PyJWT and joserfc, and that it allocates nothing.
        .executableTarget(
            name: "VerifierBenchmark",
            dependencies: [
                "AllocationCount",
                .product(name: "MartletJOSE", package: "martlet"),
                .product(name: "MartletProtocol", package: "martlet"),
                .product(name: "MartletVerifier", package: "martlet"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit"),
            ],
            path: "VerifierBenchmark",
            exclude: ["peers.py"]
        ),
        .target(name: "AllocationCount", path: "AllocationCount"),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type == .executable {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ]
}
