// SPDX-License-Identifier: Apache-2.0
import Testing

/// What an administrator reads must not come from a library's insides.
func expectPlain(_ reason: String?, sourceLocation: SourceLocation = #_sourceLocation) {
    guard let reason else {
        Issue.record("there is no reason", sourceLocation: sourceLocation)
        return
    }
    for word in ["(error", "errno", "NIO", "SSL", "Error", "HTTPClient", "descriptor", "Optional"] {
        #expect(!reason.contains(word), "\(reason)", sourceLocation: sourceLocation)
    }
}
