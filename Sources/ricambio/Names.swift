// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import Packaging

/// What may be written on the command line for names that become parts of paths and addresses: what an agent's
/// configuration may say, too.
enum Names {
    static func check(_ name: String?, option: String) throws(ValidationError) {
        guard let name, !isName(name) else { return }
        throw ValidationError(
            "\(option) may have up to 64 letters, digits, “-”, “_” and “.”, and must begin with a letter or digit.")
    }

    static func check(version: String) throws(ValidationError) {
        guard Version(version) == nil else { return }
        throw ValidationError("--version must be a version like 2.0 or 2.1.3-beta.1, unlike “\(version)”.")
    }

    /// An address that releases can be fetched from.
    static func check(repository: String) throws(ValidationError) {
        // A folder of this machine: what “bundle import” makes.
        if repository.hasPrefix("file:///"), repository.utf8.count > 8 { return }
        let parts = URLComponents(string: repository)
        let scheme = parts?.scheme?.lowercased()
        guard scheme == "https" || scheme == "http", parts?.host?.isEmpty == false, parts?.query == nil,
            parts?.fragment == nil
        else {
            throw ValidationError("--repository must be an address like https://releases.example.com/.")
        }
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter || first.isNumber, text.count <= 64 else {
            return false
        }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    }
}
