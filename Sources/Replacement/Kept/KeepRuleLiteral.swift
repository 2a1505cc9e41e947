// SPDX-License-Identifier: Apache-2.0

/// In a program that names its own rules, a pattern is all that most of them have: `keep: ["preferences/**"]`.
extension KeepRule: ExpressibleByStringLiteral {
    public init(stringLiteral pattern: String) { self.init(pattern) }
}
