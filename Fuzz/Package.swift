// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// What every fuzzer is: a library function that libFuzzer's own main calls. `make fuzz` instruments what it calls, too.
let fuzzer: [SwiftSetting] = [
    .treatAllWarnings(as: .error), .unsafeFlags(["-parse-as-library"]),
]

let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "ricambio", path: "..")],
    targets: [
        .executableTarget(
            name: "fuzz-delta", dependencies: [.product(name: "Packaging", package: "ricambio")],
            swiftSettings: fuzzer),
        .executableTarget(
            name: "fuzz-json", dependencies: [.product(name: "TUF", package: "ricambio")], swiftSettings: fuzzer),
        .executableTarget(
            name: "fuzz-metadata", dependencies: [.product(name: "TUF", package: "ricambio")], swiftSettings: fuzzer),
    ]
)
