// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RicambioClient

/// A parser that can be fed inside an expectation.
private final class Feed {
    private var parser: EventStreamParser

    init(lastEventID: String = "", limit: Int = 1 << 20) {
        parser = EventStreamParser(lastEventID: lastEventID, limit: limit)
    }

    var lastEventID: String { parser.lastEventID }
    var retryMilliseconds: Int? { parser.retryMilliseconds }

    func feed(_ bytes: some Sequence<UInt8>) throws -> [ServerSentEvent] { try parser.feed(bytes) }
}

@Suite("Event streams are read by the HTML standard's rules")
struct EventStreamParserTests {
    private func events(_ text: String) throws -> [ServerSentEvent] {
        let parser = Feed()
        return try parser.feed(text.utf8)
    }

    private func data(_ text: String) throws -> [String] {
        try events(text).map(\.data)
    }

    @Test("An event is complete at its empty line, and not before")
    func dispatch() throws {
        let parser = Feed()
        #expect(try parser.feed("data: a\n".utf8).isEmpty)
        #expect(try parser.feed("\n".utf8).map(\.data) == ["a"])
        #expect(try parser.feed("data: half".utf8).isEmpty)
    }

    @Test("Wherever the bytes are cut, the events are the same")
    func everySplit() throws {
        let text =
            "\u{FEFF}: hello\r\nid: 7\r\nevent: notice\r\ndata: grün\r\ndata: zwei\r\n\r\ndata:x\rid\rdata: y\r\r"
        let bytes = Array(text.utf8)
        let expected = [
            ServerSentEvent(name: "notice", data: "grün\nzwei", lastEventID: "7"),
            ServerSentEvent(name: "message", data: "x\ny", lastEventID: ""),
        ]
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let parser = Feed()
                var found = try parser.feed(bytes[..<first])
                found += try parser.feed(bytes[first..<second])
                found += try parser.feed(bytes[second...])
                #expect(found == expected, "cut at \(first) and \(second)")
            }
        }
    }

    @Test("Lines end with LF, CR or CRLF, and a CRLF that is cut in two ends one line only")
    func lineEndings() throws {
        #expect(try data("data: a\n\ndata: b\r\rdata: c\r\n\r\n") == ["a", "b", "c"])
        let parser = Feed()
        #expect(try parser.feed("data: a\r".utf8).isEmpty)
        #expect(try parser.feed("\n".utf8).isEmpty)
        #expect(try parser.feed("data: b\r\n\r".utf8).map(\.data) == ["a\nb"])
        #expect(try parser.feed("\n".utf8).isEmpty)
    }

    @Test("One space after the colon is dropped, a second one is data")
    func spaces() throws {
        #expect(try data("data:a\n\ndata: a\n\ndata:  a\n\ndata:a:b\n\n") == ["a", "a", " a", "a:b"])
    }

    @Test("A field without a colon has an empty value; unknown fields and comments are passed over")
    func fieldsWithoutValue() throws {
        #expect(try data("data\n\n") == [""])
        #expect(try data("data\ndata\n\n") == ["\n"])
        #expect(try data(": comment\nwhatever: x\nDATA: y\n\n").isEmpty)
        #expect(try data(":\n\n:\n\ndata: a\n\n") == ["a"])
    }

    @Test("An event without data is none, but its id counts")
    func idWithoutData() throws {
        let parser = Feed()
        #expect(
            try parser.feed("event: x\nid: 3\n\ndata: a\n\n".utf8) == [
                ServerSentEvent(name: "message", data: "a", lastEventID: "3")
            ])
        #expect(parser.lastEventID == "3")
    }

    @Test("An id stays for the events after it; an id with NUL is ignored; an empty one clears it")
    func ids() throws {
        let found = try events("id: 1\ndata: a\n\ndata: b\n\nid: 2\u{0}\ndata: c\n\nid\ndata: d\n\n")
        #expect(found.map(\.lastEventID) == ["1", "1", "1", ""])
    }

    @Test("The id of an event that the connection broke off does not count: it is asked for again")
    func idOfHalfAnEvent() throws {
        let parser = Feed(lastEventID: "5")
        #expect(try parser.feed("id: 6\ndata: a\n".utf8).isEmpty)
        #expect(parser.lastEventID == "5")
    }

    @Test("Only a retry of digits is taken")
    func retry() throws {
        let parser = Feed()
        _ = try parser.feed("retry: 1500\nretry: 2s\nretry:\nretry: -1\nretry: 99999999999999999999999\n".utf8)
        #expect(parser.retryMilliseconds == 1500)
    }

    @Test("A byte order mark is dropped at the very start only")
    func byteOrderMark() throws {
        #expect(try data("\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n") == ["a"])
    }

    @Test("A line without end does not fill the memory")
    func endlessLine() {
        let parser = Feed(limit: 1000)
        #expect(throws: EventStreamParser.TooLong.self) {
            for _ in 0..<3 { _ = try parser.feed(Array(repeating: UInt8(ascii: "x"), count: 500)) }
        }
        let lines = Feed(limit: 1000)
        #expect(throws: EventStreamParser.TooLong.self) {
            for _ in 0..<500 { _ = try lines.feed("data: abc\n".utf8) }
        }
    }
}
