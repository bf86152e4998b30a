// swift-tools-version: 6.2
import PackageDescription

// What an app fetches is decided by traits: the client and the verifier need none of them, so an app that only
// signs in never downloads a database or a web server. `Scripts/check-consumers.sh` holds this to be true.
let server: TargetDependencyCondition? = .when(traits: ["Server"])
let hummingbird: TargetDependencyCondition? = .when(traits: ["Hummingbird"])
let peers: TargetDependencyCondition? = .when(traits: ["Peers"])

let package = Package(
    name: "martlet",
    platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
    products: [
        .executable(name: "martlet", targets: ["martlet"]),
        .library(name: "MartletJOSE", targets: ["MartletJOSE"]),
        .library(name: "MartletProtocol", targets: ["MartletProtocol"]),
        .library(name: "MartletCore", targets: ["MartletCore"]),
        .library(name: "MartletSQLite", targets: ["MartletSQLite"]),
        .library(name: "MartletServer", targets: ["MartletServer"]),
        .library(name: "MartletVerifier", targets: ["MartletVerifier"]),
        .library(name: "MartletHummingbird", targets: ["MartletHummingbird"]),
        .library(name: "MartletClient", targets: ["MartletClient"]),
        .library(name: "MartletTestKit", targets: ["MartletTestKit"]),
    ],
    traits: [
        .trait(name: "Hummingbird", description: "MartletHummingbird, the verifier as Hummingbird middleware."),
        .trait(
            name: "Server",
            description: "The authority: MartletSQLite, MartletServer and the martlet command.",
            enabledTraits: ["Hummingbird"]
        ),
        .trait(name: "Peers", description: "Tests that hold our formats against other implementations."),
        .default(enabledTraits: ["Server"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto.git", .upToNextMinor(from: "4.5.2")),
        .package(url: "https://github.com/apple/swift-nio.git", .upToNextMinor(from: "2.101.2")),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", .upToNextMinor(from: "2.37.6")),
        .package(url: "https://github.com/apple/swift-log.git", .upToNextMinor(from: "1.16.2")),
        .package(url: "https://github.com/apple/swift-http-types.git", .upToNextMinor(from: "1.8.0")),
        .package(url: "https://github.com/swift-server/async-http-client.git", .upToNextMinor(from: "1.37.0")),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", .upToNextMinor(from: "2.13.0")),
        // Only with the trait Server or Hummingbird.
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", exact: "2.28.1"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", .upToNextMinor(from: "1.35.2")),
        .package(url: "https://github.com/apple/swift-nio-http2.git", .upToNextMinor(from: "1.46.0")),
        .package(url: "https://github.com/apple/swift-certificates.git", .upToNextMinor(from: "1.21.1")),
        .package(url: "https://github.com/apple/swift-asn1.git", .upToNextMinor(from: "1.7.4")),
        .package(url: "https://github.com/apple/swift-argument-parser.git", .upToNextMinor(from: "1.8.2")),
        .package(url: "https://github.com/groue/GRDB.swift.git", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams.git", exact: "6.2.2"),
        // Only with the trait Peers.
        .package(url: "https://github.com/vapor/jwt-kit.git", exact: "5.7.1"),
    ],
    targets: [
        // MARK: System libraries and embedded data
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CMaxMindDB", providers: [.apt(["libmaxminddb-dev"]), .brew(["libmaxminddb"])]),
        .target(name: "CCommonPasswords", exclude: ["README.md", "common-passwords.txt"]),
        .target(name: "CWebAssets"),
        .target(name: "CFileStatus"),
        .target(name: "CCurlMail", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(name: "CSQLiteSettings", linkerSettings: [.linkedLibrary("sqlite3")]),

        // MARK: The rooms, from the ground up
        .target(
            name: "MartletJOSE",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ]
        ),
        .target(
            name: "MartletProtocol",
            dependencies: ["MartletJOSE", .product(name: "Crypto", package: "swift-crypto")]
        ),
        .target(
            name: "MartletCore",
            dependencies: [
                "MartletJOSE", "MartletProtocol", "CSodium", "CCommonPasswords",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .target(
            name: "MartletSQLite",
            dependencies: [
                "MartletCore", "MartletJOSE", "MartletProtocol", "CFileStatus",
                .target(name: "CSQLiteSettings", condition: server),
                .product(name: "GRDB", package: "GRDB.swift", condition: server),
                // SQLite's own functions, as GRDB links them.
                .product(name: "GRDBSQLite", package: "GRDB.swift", condition: server),
            ]
        ),
        .target(
            name: "MartletServer",
            dependencies: [
                "MartletCore", "MartletJOSE", "MartletProtocol", "CCurlMail", "CFileStatus", "CMaxMindDB", "CWebAssets",
                "CZlib",
                .product(name: "AsyncHTTPClient", package: "async-http-client", condition: server),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird", condition: server),
                .product(name: "HummingbirdCore", package: "hummingbird", condition: server),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2", condition: server),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras", condition: server),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras", condition: server),
                .product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras", condition: server),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SwiftASN1", package: "swift-asn1", condition: server),
                .product(name: "X509", package: "swift-certificates", condition: server),
                .product(name: "Yams", package: "Yams", condition: server),
            ]
        ),
        .target(
            name: "MartletVerifier",
            dependencies: [
                "MartletJOSE", "MartletProtocol",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "MartletHummingbird",
            dependencies: [
                "MartletVerifier", "MartletJOSE", "MartletProtocol",
                .product(name: "Hummingbird", package: "hummingbird", condition: hummingbird),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        .target(
            name: "MartletClient",
            dependencies: [
                "MartletJOSE", "MartletProtocol", "CFileStatus",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        .target(
            name: "MartletTestKit",
            dependencies: [
                "MartletCore", "MartletJOSE", "MartletProtocol",
                .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),
        .executableTarget(
            name: "martlet",
            dependencies: [
                "MartletClient", "MartletCore", "MartletJOSE", "MartletProtocol", "MartletServer", "MartletSQLite",
                "MartletVerifier",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: server),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),

        // MARK: What `make bench` needs beside the server
        .executableTarget(
            name: "RenewalBenchmark",
            dependencies: [
                "MartletCore", "MartletProtocol", "MartletServer", "MartletSQLite",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: server),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            path: "Benchmarks/Renewals"
        ),

        .executableTarget(
            name: "RevocationBenchmark",
            dependencies: [
                "MartletVerifier", "MartletJOSE", "MartletProtocol",
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: server),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            path: "Benchmarks/Revocations"
        ),

        // MARK: Examples
        .executableTarget(
            name: "ProtectedAPI",
            dependencies: [
                "MartletHummingbird", "MartletVerifier", "MartletJOSE",
                .product(name: "Hummingbird", package: "hummingbird", condition: hummingbird),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Examples/ProtectedAPI"
        ),
        .executableTarget(
            name: "StaySignedIn",
            dependencies: [
                "MartletClient", "MartletProtocol", .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            path: "Examples/StaySignedIn"
        ),
        .executableTarget(
            name: "MountedAuthority",
            dependencies: [
                "MartletServer", "MartletSQLite", "MartletCore",
                .product(name: "Hummingbird", package: "hummingbird", condition: server),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Examples/MountedAuthority"
        ),

        // MARK: Simulation
        .executableTarget(
            name: "RotationSimulation",
            dependencies: [
                "MartletCore", "MartletProtocol", .product(name: "Crypto", package: "swift-crypto"),
            ],
            path: "Models/Simulation"
        ),
        .testTarget(name: "RotationSimulationTests", dependencies: ["RotationSimulation", "MartletProtocol"]),

        // MARK: Tests
        // Programs that tests start; not a product.
        .target(name: "CSpawn", path: "Tests/CSpawn"),
        .target(name: "ProcessSupport", dependencies: ["CSpawn"], path: "Tests/ProcessSupport"),
        .testTarget(name: "ProcessSupportTests", dependencies: ["ProcessSupport"]),
        // The clients of `make chaos`; not a product.
        .executableTarget(
            name: "ChaosClient",
            dependencies: [
                "MartletClient", "MartletProtocol", .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            path: "Chaos/Client"
        ),
        .testTarget(
            name: "MartletJOSETests",
            dependencies: [
                "MartletJOSE", "ProcessSupport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "JWTKit", package: "jwt-kit", condition: peers),
            ],
            exclude: ["joserfc_peer.py"]
        ),
        .testTarget(
            name: "MartletProtocolTests",
            dependencies: ["MartletProtocol", "MartletJOSE", .product(name: "Crypto", package: "swift-crypto")]
        ),
        .testTarget(
            name: "MartletCoreTests",
            dependencies: [
                "MartletCore", "MartletJOSE", "MartletProtocol", "MartletTestKit",
                .product(name: "Crypto", package: "swift-crypto"),
            ]
        ),
        .testTarget(
            name: "MartletSQLiteTests",
            dependencies: [
                "MartletSQLite", "MartletCore", "MartletProtocol", "MartletTestKit",
                .product(name: "GRDB", package: "GRDB.swift", condition: server),
                .product(name: "GRDBSQLite", package: "GRDB.swift", condition: server),
            ]
        ),
        .testTarget(
            name: "MartletServerTests",
            dependencies: [
                "MartletServer", "MartletCore", "MartletJOSE", "MartletProtocol", "MartletTestKit", "MartletSQLite",
                "ProcessSupport",
                "CZlib",
                .product(name: "Hummingbird", package: "hummingbird", condition: server),
                .product(name: "HummingbirdTesting", package: "hummingbird", condition: server),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "X509", package: "swift-certificates", condition: server),
                .product(name: "Yams", package: "Yams", condition: server),
            ]
        ),
        .testTarget(
            name: "MartletVerifierTests",
            dependencies: [
                "MartletVerifier", "MartletHummingbird", "MartletJOSE", "MartletProtocol",
                .product(name: "Hummingbird", package: "hummingbird", condition: hummingbird),
                .product(name: "HummingbirdTesting", package: "hummingbird", condition: hummingbird),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "MartletClientTests",
            dependencies: [
                "MartletClient", "MartletJOSE", "MartletProtocol",
                .product(name: "Hummingbird", package: "hummingbird", condition: hummingbird),
                .product(name: "HummingbirdTesting", package: "hummingbird", condition: hummingbird),
            ]
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "martlet", "ChaosClient", "MartletClient", "MartletProtocol", "MartletJOSE", "MartletVerifier",
                "MartletHummingbird", "MartletServer", "MartletCore", "MartletTestKit", "ProcessSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "GRDB", package: "GRDB.swift", condition: server),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird", condition: hummingbird),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            exclude: ["Python"]
        ),
    ],
    swiftLanguageModes: [.v6],
    // For #embed.
    cLanguageStandard: .c2x
)

for target in package.targets where [.regular, .executable, .test].contains(target.type) {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ]
}
