// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// The one JSON form of the API: dates in ISO 8601 with milliseconds, UTC; keys sorted; slashes not escaped.
public enum APIJSON {
    /// With `pretty`, for people and for `--json`.
    public static func encode(_ value: some Encodable, pretty: Bool = false) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(date.formatted(style))
        }
        return try encoder.encode(value)
    }

    public static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            // Senders that write whole seconds are understood too.
            if let date = (try? Date(text, strategy: style)) ?? (try? Date(text, strategy: .iso8601)) {
                return date
            }
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an ISO 8601 date: \(text)")
        }
        return try decoder.decode(type, from: data)
    }

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
