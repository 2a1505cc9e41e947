// SPDX-License-Identifier: Apache-2.0
import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Standard output and error. Nothing is buffered: a reader of a pipe sees each line when it is written.
enum Console {
    static func print(_ line: String) {
        write(line + "\n", to: .standardOutput)
    }

    static func print(lines: [String]) {
        guard !lines.isEmpty else { return }
        print(lines.joined(separator: "\n"))
    }

    static func print(data: Data) {
        try? FileHandle.standardOutput.write(contentsOf: data + Data("\n".utf8))
    }

    static func complain(_ line: String) {
        write(line + "\n", to: .standardError)
    }

    static func write(_ text: String, to handle: FileHandle = .standardOutput) {
        try? handle.write(contentsOf: Data(text.utf8))
    }

    static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var isInputTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Columns of the terminal; 80 when it does not say.
    static var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Asks on the terminal without showing what is typed.
    static func secret(_ prompt: String) throws(CommandLineError) -> String {
        guard isInputTerminal else {
            throw CommandLineError(
                .usage, "There is no terminal to ask for the password.",
                "Write it to a file that only you can read and name that with --password-file.")
        }
        // Blocking is fine: nothing else runs in the process while it waits for the person.
        guard let typed = getpass(prompt) else {
            throw CommandLineError(.failed, "The password could not be read from the terminal.")
        }
        return String(cString: typed)
    }
}
