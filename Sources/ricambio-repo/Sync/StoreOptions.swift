// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser
internal import AsyncHTTPClient
internal import Foundation
internal import HTTPFetcher
internal import ObjectStore
internal import Platform

/// Which object store, and who asks it.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The store's address for programs; the environment's AWS_ENDPOINT_URL otherwise, or Amazon's own.",
            valueName: "https://host"))
    var endpoint: String?
    @Option(help: "The store's region; the environment's AWS_REGION otherwise, or us-east-1.")
    var region: String?

    func bucket(
        _ address: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> S3Bucket {
        let given = { (names: [String]) in names.compactMap { environment[$0] }.first { !$0.isEmpty } }
        do {
            return try S3Bucket(
                address: address, endpoint: endpoint ?? given(["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]),
                region: region ?? given(["AWS_REGION", "AWS_DEFAULT_REGION"]) ?? "us-east-1")
        } catch {
            throw VendorError(.usage, "\(error.reason.prefix(1).uppercased())\(error.reason.dropFirst()).")
        }
    }

    static func credentials(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> Credentials {
        guard let credentials = Credentials(environment: environment) else {
            throw VendorError(
                .usage,
                "The store's credentials are missing: put them into the environment, as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        }
        return credentials
    }

    /// Gives `body` a store, and ends its connections.
    static func withStore<Value: Sendable>(
        _ bucket: S3Bucket, credentials: Credentials, clock: any WallClock,
        _ body: (S3Store) async throws -> Value
    ) async throws -> Value {
        var options = HTTPFetcherOptions()
        // A signed request is for one address.
        options.redirects = 0
        options.stallSeconds = 60
        var configuration = HTTPFetcher.configuration(options)
        configuration.timeout.write = .seconds(60)
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let value = try await body(
                S3Store(bucket, credentials: credentials, client: client, clock: clock))
            try? await client.shutdown()
            return value
        } catch {
            try? await client.shutdown()
            throw error
        }
    }
}
