// SPDX-License-Identifier: Apache-2.0

/// One event of a `text/event-stream`.
struct ServerSentEvent: Sendable, Hashable {
    /// `message` unless the stream named it.
    var name: String
    var data: String
    /// The last id seen up to and with this event; empty when there was none.
    var lastEventID: String
}

/// The stream's rules of the HTML standard (section 9.2.6, "Interpreting an event stream"), fed with the bytes as
/// they come in: a line, a line ending and a character may be split anywhere.
struct EventStreamParser: Sendable {
    struct TooLong: Error {}

    /// Milliseconds to wait before reconnecting, when the stream asked for it.
    private(set) var retryMilliseconds: Int?
    /// Survives a connection: a new one starts with it and sends it as `Last-Event-ID`.
    private(set) var lastEventID: String

    private let limit: Int
    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var name = ""
    private var pendingID: String
    private var skipsLineFeed = false
    private var isFirstLine = true

    /// `limit` is the most bytes that one line, and the data of one event, may have.
    init(lastEventID: String = "", retryMilliseconds: Int? = nil, limit: Int = 1 << 20) {
        self.lastEventID = lastEventID
        self.retryMilliseconds = retryMilliseconds
        pendingID = lastEventID
        self.limit = limit
    }

    /// The events that these bytes complete.
    mutating func feed(_ bytes: some Sequence<UInt8>) throws(TooLong) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            let isLineFeed = byte == UInt8(ascii: "\n")
            if skipsLineFeed {
                skipsLineFeed = false
                if isLineFeed { continue }
            }
            if isLineFeed || byte == UInt8(ascii: "\r") {
                skipsLineFeed = !isLineFeed
                if let event = endLine() { events.append(event) }
            } else {
                line.append(byte)
                guard line.count + data.count <= limit else { throw TooLong() }
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        var content = line[...]
        line = []
        if isFirstLine {
            isFirstLine = false
            if content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
        }
        guard let first = content.first else { return dispatch() }
        let colon = UInt8(ascii: ":")
        // A comment, such as those that keep a connection alive.
        if first == colon { return nil }
        let end = content.firstIndex(of: colon) ?? content.endIndex
        var value = content[end...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        take(field: String(decoding: content[..<end], as: UTF8.self), value: value)
        return nil
    }

    private mutating func take(field: String, value: ArraySlice<UInt8>) {
        switch field {
        case "event":
            name = String(decoding: value, as: UTF8.self)
        case "data":
            if hasData { data.append(UInt8(ascii: "\n")) }
            data.append(contentsOf: value)
            hasData = true
        case "id":
            if !value.contains(0) { pendingID = String(decoding: value, as: UTF8.self) }
        case "retry":
            let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
            if !value.isEmpty, value.allSatisfy(digits.contains) {
                retryMilliseconds = Int(String(decoding: value, as: UTF8.self)) ?? retryMilliseconds
            }
        default:
            break
        }
    }

    private mutating func dispatch() -> ServerSentEvent? {
        defer { (data, hasData, name) = ([], false, "") }
        lastEventID = pendingID
        guard hasData else { return nil }
        return ServerSentEvent(
            name: name.isEmpty ? "message" : name, data: String(decoding: data, as: UTF8.self),
            lastEventID: lastEventID)
    }
}
