// SPDX-License-Identifier: Apache-2.0
public import Platform
public import SystemPackage

/// The smallest application that can be supervised and updated: a shell script in a folder, healthy as soon as it
/// has written `up` into its data folder, checked by the command `./check`.
public struct ScriptApplication: Sendable {
    public var version: String
    /// Never writes that it is up.
    public var isSick = false
    /// Ignores SIGTERM: only force ends it.
    public var ignoresTermination = false
    /// Bytes of a file that cannot be compressed, so that a download takes more than one read.
    public var payloadBytes = 0

    public init(version: String) {
        self.version = version
    }

    public static let command = ["./application"]
    public static let check = ["./check"]

    /// Writes the application folder that the vendor publishes.
    public func write(to folder: FilePath, fileSystem: any FileSystem) throws {
        try fileSystem.makeDirectories(folder.appending("preferences"))
        try file("application", script, 0o755)
        try file("check", "#!/bin/sh\n[ \"$(cat \"$DATA/up\")\" = \"$(cat VERSION)\" ] && cat VERSION\n", 0o755)
        try file("VERSION", version + "\n", 0o644)
        try file("preferences/settings.conf", "# defaults of \(version)\ncolour=grey\n", 0o644)
        if payloadBytes > 0 {
            var generator = SystemRandomNumberGenerator()
            let bytes = (0..<payloadBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            try fileSystem.replace(folder.appending("payload"), with: bytes, permissions: 0o644)
        }

        func file(_ name: String, _ text: String, _ permissions: UInt16) throws {
            try fileSystem.replace(folder.appending(name), with: Array(text.utf8), permissions: permissions)
        }
    }

    private var script: String {
        """
        #!/bin/sh
        # Says which version is up; leaves a line for each start.
        \(ignoresTermination ? "trap '' TERM" : "trap 'rm -f \"$DATA/up\"; exit 0' TERM")
        echo "$(cat VERSION)" >> "$DATA/starts"
        rm -f "$DATA/up"
        \(isSick ? "" : "cat VERSION > \"$DATA/up\"")
        echo "version $(cat VERSION) is up"
        while :; do sleep 0.1; done

        """
    }
}
