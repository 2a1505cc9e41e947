// SPDX-License-Identifier: Apache-2.0
import TUF

/// Any bytes: they are refused with a place inside them, or they mean the same when they are written and read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    let value: JSONValue
    do throws(JSONError) {
        value = try JSONValue(parsing: bytes)
    } catch {
        precondition((0...count).contains(error.offset), "the place is inside the text")
        return 0
    }
    do throws(JSONError) {
        let again = try JSONValue(parsing: value.prettyBytes())
        precondition(again == value, "what is written means what was read")
        precondition(again.hashValue == value.hashValue)
        let canonical = try? value.canonicalBytes()
        precondition(canonical == (try? again.canonicalBytes()), "one value has one canonical form")
        // Strict JSON has no raw control characters; canonical JSON does not escape them.
        if let canonical, !canonical.contains(where: { $0 < 0x20 }) {
            let third = try JSONValue(parsing: canonical)
            precondition(third == value, "the canonical form means the same")
        }
    } catch {
        // A trap is right here, as in the preconditions above: libFuzzer keeps the input of what crashes, and a return would
        // tell it that all is well. Nobody but the fuzzer runs this.
        fatalError("what was written by us is not read by us: \(error)")
    }
    return 0
}
