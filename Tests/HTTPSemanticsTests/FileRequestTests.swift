// SPDX-License-Identifier: Apache-2.0
import HTTPSemantics
import Testing

/// What a GET or HEAD is answered, for a file of 1000 bytes whose tag is `"abc"`.
@Suite struct FileRequestTests {
    private static let part = FileRequest.Answer.part(0..<10)

    @Test(
        "conditions and ranges are judged in the order of RFC 9110, section 13.2.2",
        arguments: [
            (.init(), .whole), (.init(isHead: true), .whole),
            // The cache has it: weak comparison, lists, whatever there is.
            (.init(ifNoneMatch: "\"abc\""), .notModified), (.init(ifNoneMatch: "W/\"abc\""), .notModified),
            (.init(ifNoneMatch: "\"x\", W/\"abc\""), .notModified), (.init(ifNoneMatch: "*"), .notModified),
            (.init(ifNoneMatch: " * "), .notModified), (.init(isHead: true, ifNoneMatch: "\"abc\""), .notModified),
            (.init(ifNoneMatch: "\"x\""), .whole), (.init(ifNoneMatch: "\"ab\", \"abcd\""), .whole),
            (.init(ifNoneMatch: "\"x,\\\", \"abc\""), .notModified),
            (.init(ifNoneMatch: ",, \"abc\" ,"), .notModified),
            // What is no list of tags says nothing.
            (.init(ifNoneMatch: "abc"), .whole), (.init(ifNoneMatch: ""), .whole),
            (.init(ifNoneMatch: "\"abc"), .whole),
            (.init(ifNoneMatch: "w/\"abc\""), .whole), (.init(ifNoneMatch: "\"abc\" \"x\""), .whole),
            // Only if it is still this: strong comparison.
            (.init(ifMatch: "\"abc\""), .whole), (.init(ifMatch: "\"x\", \"abc\""), .whole),
            (.init(ifMatch: "*"), .whole),
            (.init(ifMatch: "W/\"abc\""), .preconditionFailed), (.init(ifMatch: "\"x\""), .preconditionFailed),
            (.init(ifMatch: "abc"), .preconditionFailed), (.init(isHead: true, ifMatch: "\"x\""), .preconditionFailed),
            // Ranges.
            (.init(range: "bytes=0-9"), part), (.init(range: "bytes=1000-"), .unsatisfiable),
            (.init(range: "bytes=0-9,20-29"), .whole), (.init(range: "lines=0-9"), .whole),
            (.init(isHead: true, range: "bytes=0-9"), .whole), (.init(isHead: true, range: "bytes=1000-"), .whole),
            // A range only of this: strong comparison, and dates never match where there is no Last-Modified.
            (.init(ifRange: "\"abc\"", range: "bytes=0-9"), part),
            (.init(ifRange: "\"x\"", range: "bytes=0-9"), .whole),
            (.init(ifRange: "W/\"abc\"", range: "bytes=0-9"), .whole),
            (.init(ifRange: "*", range: "bytes=0-9"), .whole),
            (.init(ifRange: "\"abc\", \"x\"", range: "bytes=0-9"), .whole),
            (.init(ifRange: "Thu, 26 Nov 2026 10:00:00 GMT", range: "bytes=0-9"), .whole),
            (.init(ifRange: "\"x\"", range: "bytes=1000-"), .whole), (.init(ifRange: "\"abc\""), .whole),
            // Precedence.
            (.init(ifMatch: "\"x\"", ifNoneMatch: "\"abc\""), .preconditionFailed),
            (.init(ifMatch: "\"abc\"", ifNoneMatch: "\"abc\""), .notModified),
            (.init(ifNoneMatch: "\"abc\"", range: "bytes=0-9"), .notModified),
            (.init(ifNoneMatch: "\"abc\"", range: "bytes=1000-"), .notModified),
            (.init(ifNoneMatch: "\"x\"", ifRange: "\"abc\"", range: "bytes=0-9"), part),
            (.init(ifMatch: "\"abc\"", range: "bytes=0-9"), part),
        ] as [(FileRequest, FileRequest.Answer)])
    func judged(request: FileRequest, expected: FileRequest.Answer) {
        #expect(request.answer(tag: EntityTag(strong: "abc"), length: 1000) == expected)
    }

    @Test("tags are read, not split: they may contain commas, and bytes beyond ASCII")
    func tags() throws {
        let tag = EntityTag(strong: "a,b")
        #expect(FileRequest(ifNoneMatch: "\"x\",\"a,b\"").answer(tag: tag, length: 1) == .notModified)
        #expect(FileRequest(ifNoneMatch: "\"a\",\"b\"").answer(tag: tag, length: 1) == .whole)
        #expect(EntityTagList("\"è\"") != nil && EntityTagList("\"a b\"") == nil)
        #expect(EntityTag("W/\"\"")?.text == "W/\"\"")
    }
}
