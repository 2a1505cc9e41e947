// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Every warning is an error, in every target, for everybody.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let cryptoExtras = product(name: "CryptoExtras", package: "swift-crypto")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let hummingbirdHTTP2 = product(name: "HummingbirdHTTP2", package: "hummingbird")
    static let hummingbirdTLS = product(name: "HummingbirdTLS", package: "hummingbird")
    static let hummingbirdTesting = product(name: "HummingbirdTesting", package: "hummingbird")
    static let logging = product(name: "Logging", package: "swift-log")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioFoundation = product(name: "NIOFoundationCompat", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let subprocess = product(name: "Subprocess", package: "swift-subprocess")
    static let swiftASN1 = product(name: "SwiftASN1", package: "swift-asn1")
    static let system = product(name: "SystemPackage", package: "swift-system")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let x509 = product(name: "X509", package: "swift-certificates")
    static let yams = product(name: "Yams", package: "Yams")
}

let package = Package(
    name: "ricambio",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "ricambio", targets: ["ricambio"]),
        .executable(name: "ricambio-repo", targets: ["ricambio-repo"]),
        .executable(name: "tuf-client", targets: ["tuf-client"]),
        .library(name: "RicambioClient", targets: ["RicambioClient"]),
        .library(name: "Packaging", targets: ["Packaging"]),
        .library(name: "TUF", targets: ["TUF"]),
        .library(name: "TUFRepository", targets: ["TUFRepository"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.4"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    ],
    targets: [
        // What the operating system gives.
        .systemLibrary(
            name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
        .systemLibrary(
            name: "CDivsufsort", pkgConfig: "libdivsufsort",
            providers: [.apt(["libdivsufsort-dev"]), .brew(["libdivsufsort"])]),
        .target(name: "CPlatform"),
        .target(name: "Platform", dependencies: ["CPlatform", .crypto, .system], swiftSettings: strict),

        // Trust and content: usable on their own.
        .target(name: "TUF", dependencies: ["Platform", .crypto, .cryptoExtras, .system], swiftSettings: strict),
        .target(
            name: "TUFRepository",
            dependencies: ["TUF", "Platform", .crypto, .cryptoExtras, .swiftASN1, .system], swiftSettings: strict),
        .target(
            name: "Packaging", dependencies: ["Replacement", "TUF", "Platform", "CZstd", .crypto, .system],
            swiftSettings: strict),
        .target(
            name: "HTTPFetcher",
            dependencies: [
                "Platform", "TUF", .asyncHTTPClient, .nioCore, .nioHTTP1, .nioPosix, .nioSSL, .system,
            ],
            swiftSettings: strict),
        .target(
            name: "ObjectStore",
            dependencies: ["HTTPFetcher", "Platform", "TUF", .asyncHTTPClient, .crypto, .nioCore, .nioHTTP1, .system],
            swiftSettings: strict),

        // Everything about replacing a folder. Knows releases as lists of entries only.
        .target(name: "Replacement", dependencies: ["Platform", .system], swiftSettings: strict),

        // What both sides' servers say to clients that ask for a part of a file, or whether they have it.
        .target(name: "HTTPSemantics", swiftSettings: strict),

        // The customer's side.
        .target(name: "AgentAPI", swiftSettings: strict),
        .target(
            name: "ServiceControl", dependencies: ["Platform", .logging, .system], swiftSettings: strict),
        .target(
            name: "Installation",
            dependencies: [
                "AgentAPI", "Packaging", "Replacement", "ServiceControl", "Platform", "TUF", .logging, .system,
            ],
            swiftSettings: strict),
        .target(
            name: "Agent",
            dependencies: [
                "AgentAPI", "HTTPFetcher", "HTTPSemantics", "Installation", "Packaging", "Platform", "Replacement",
                "ServiceControl", "TUF", .asyncHTTPClient, .crypto, .cryptoExtras, .grdb, .httpTypes, .hummingbird,
                .hummingbirdTLS,
                .logging, .nioCore, .nioHTTP1, .nioPosix, .nioSSL, .serviceLifecycle, .subprocess,
                .swiftASN1, .system, .x509, .yams,
            ], swiftSettings: strict),
        .target(
            name: "RicambioClient",
            dependencies: [
                "AgentAPI", "HTTPFetcher", "Packaging", "Platform", "Replacement", "TUF", .asyncHTTPClient, .crypto,
                .nioCore, .nioFoundation, .nioHTTP1, .nioPosix, .nioSSL, .system, .x509,
            ], swiftSettings: strict),
        .executableTarget(
            name: "ricambio",
            dependencies: [
                "Agent", "AgentAPI", "HTTPFetcher", "Installation", "Packaging", "Platform",
                "RicambioClient", "ServiceControl", "TUF", .argumentParser, .logging, .serviceLifecycle,
                .system,
            ], swiftSettings: strict),

        // The vendor's side.
        // Optimised in debug builds too: it looks at every byte many times. No library product may contain it.
        .target(
            name: "DeltaMaking", dependencies: ["Packaging", "Platform", "CZstd", "CDivsufsort", .crypto, .system],
            swiftSettings: strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
        .executableTarget(
            name: "ricambio-repo",
            dependencies: [
                "DeltaMaking", "HTTPFetcher", "HTTPSemantics", "ObjectStore", "Packaging", "Platform", "TUF",
                "TUFRepository", .argumentParser, .asyncHTTPClient, .crypto, .httpTypes, .hummingbird, .logging,
                .nioCore, .nioPosix, .serviceLifecycle, .system,
            ], swiftSettings: strict),

        // What conformance suites of TUF drive.
        .executableTarget(
            name: "tuf-client", dependencies: ["HTTPFetcher", "Platform", "TUF", .argumentParser, .system],
            swiftSettings: strict),

        // The reference application, and the stage on which demo and end-to-end tests play.
        .target(
            name: "OfficeMaker", dependencies: ["AgentAPI"], path: "Examples/OfficeMaker/Shared",
            swiftSettings: strict),
        .executableTarget(
            name: "om-server",
            dependencies: [
                "AgentAPI", "OfficeMaker", "Platform", "RicambioClient", .argumentParser, .crypto, .cryptoExtras,
                .grdb, .httpTypes, .hummingbird, .hummingbirdTLS, .logging, .nioCore, .nioSSL, .serviceLifecycle,
                .system, .yams,
            ],
            path: "Examples/OfficeMaker/Server", swiftSettings: strict),
        .executableTarget(
            name: "om-client",
            dependencies: [
                "AgentAPI", "OfficeMaker", "Platform", "RicambioClient", .argumentParser, .asyncHTTPClient,
                .nioCore, .nioHTTP1, .nioSSL, .system,
            ],
            path: "Examples/OfficeMaker/Client", swiftSettings: strict),
        .target(
            name: "Stage",
            dependencies: ["AgentAPI", "Platform", "RicambioClient", .nioCore, .nioPosix, .system],
            path: "Examples/Stage", swiftSettings: strict),
        .executableTarget(
            name: "demo", dependencies: ["AgentAPI", "Stage", .argumentParser, .system, .unixSignals],
            path: "Examples/Demo", swiftSettings: strict),
        // Updates without end under random faults, and what lets calls fail.
        .executableTarget(
            name: "soak", dependencies: ["AgentAPI", "Platform", "Stage", .argumentParser, .system, .unixSignals],
            path: "Examples/Soak", exclude: ["FailingCalls"], swiftSettings: strict),
        .executableTarget(name: "failing-calls", path: "Examples/Soak/FailingCalls"),

        // Tests.
        .target(
            name: "TestSupport", dependencies: ["Platform", "TUF", "TUFRepository", .crypto, .system],
            path: "Tests/Support", swiftSettings: strict),
        .target(
            name: "TestServers",
            dependencies: [
                "HTTPSemantics", .crypto, .httpTypes, .hummingbird, .hummingbirdCore, .hummingbirdHTTP2,
                .hummingbirdTLS, .logging, .nioCore, .nioSSL, .swiftASN1, .x509,
            ],
            path: "Tests/Servers", swiftSettings: strict),
        .testTarget(
            name: "PlatformTests", dependencies: ["Platform", "TestSupport", .system], swiftSettings: strict),
        .testTarget(
            name: "TUFTests",
            dependencies: ["Platform", "TUF", "TUFRepository", "TestSupport", .crypto, .cryptoExtras, .system],
            swiftSettings: strict),
        .testTarget(
            name: "TUFRepositoryTests",
            dependencies: ["TUF", "TUFRepository", "Platform", "TestSupport", .crypto, .system],
            swiftSettings: strict),
        .testTarget(
            name: "ObjectStoreTests",
            dependencies: [
                "HTTPFetcher", "ObjectStore", "Platform", "TUF", "TUFRepository", "TestSupport", "ricambio-repo",
                .asyncHTTPClient, .crypto, .system,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "PackagingTests",
            dependencies: [
                "DeltaMaking", "HTTPFetcher", "Packaging", "Platform", "Stage", "TUF", "TUFRepository", "TestServers",
                "TestSupport", "ricambio-repo", .crypto, .httpTypes, .hummingbird, .hummingbirdTesting, .nioCore,
                .system,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ReplacementTests", dependencies: ["Platform", "Replacement", "TestSupport", .system],
            swiftSettings: strict),
        .testTarget(name: "AgentAPITests", dependencies: ["AgentAPI"], swiftSettings: strict),
        .testTarget(
            name: "ServiceControlTests",
            dependencies: ["ServiceControl", "Platform", "TestSupport", .logging, .system],
            swiftSettings: strict),
        .testTarget(
            name: "InstallationTests",
            dependencies: [
                "AgentAPI", "Installation", "Packaging", "Platform", "Replacement", "ServiceControl", "TestSupport",
                .crypto, .logging, .system,
            ],
            swiftSettings: strict),
        .testTarget(name: "HTTPSemanticsTests", dependencies: ["HTTPSemantics"], swiftSettings: strict),
        .testTarget(
            name: "AgentTests",
            dependencies: [
                "Agent", "AgentAPI", "HTTPSemantics", "Installation", "Packaging", "Platform", "Replacement",
                "ServiceControl", "TUF", "TestSupport", .asyncHTTPClient, .crypto, .grdb, .httpTypes, .hummingbird,
                .hummingbirdTesting,
                .logging, .nioCore, .nioEmbedded, .system, .yams,
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "RicambioClientTests",
            dependencies: [
                "AgentAPI", "DeltaMaking", "HTTPFetcher", "Packaging", "Platform", "Replacement", "RicambioClient",
                "TUF", "TUFRepository", "TestServers", "TestSupport", .nioCore, .nioPosix, .nioSSL, .system,
            ], swiftSettings: strict),
        .testTarget(
            name: "OfficeMakerTests",
            dependencies: ["om-server", "OfficeMaker", "Platform", "TestSupport", .system],
            swiftSettings: strict),
        .testTarget(name: "SoakTests", dependencies: ["soak"], swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "AgentAPI", "HTTPFetcher", "Platform", "RicambioClient", "Stage", "TUF", "TUFRepository", "TestSupport",
                .system,
            ],
            path: "Tests/EndToEnd", exclude: ["python"], swiftSettings: strict),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "Agent", "AgentAPI", "Installation", "Platform", "RicambioClient", "TestSupport", "ricambio",
                .argumentParser, .system,
            ],
            swiftSettings: strict),
    ]
)
