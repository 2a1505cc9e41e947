// SPDX-License-Identifier: Apache-2.0
import Platform
import SystemPackage

/// A release of the application that is updated: a shell script that writes kept files and data all the time, and says of
/// each line that it is on the disk before it writes the next.
struct SoakRelease: Sendable, Hashable {
    enum Behaviour: String, Sendable, CaseIterable {
        case healthy
        /// Works on its data, but never says that it is up.
        case neverHealthy
        case crashesAtStart
        /// Changes the data, and is healthy.
        case migrates
        /// Changes the data, works on it, and never says that it is up.
        case migratesAndFails

        var migratesData: Bool { self == .migrates || self == .migratesAndFails }
        /// What an update to it ends with when nothing else goes wrong.
        var isHealthy: Bool { self == .healthy || self == .migrates }
    }

    var number: Int
    var behaviour: Behaviour
    /// The form of the data that it works with.
    var schema: Int
    /// SHA-256 of each file, by its path in the folder.
    var files: [String: String] = [:]

    var version: String { "\(number).0" }

    static let command = ["./application"]
    static let keep = ["counter/**", "preferences/**", "{ path: backups/**, immutable: true }"]

    /// Writes the folder that the vendor publishes, and notes what is in it.
    mutating func write(
        to folder: FilePath, fileSystem: any FileSystem, using generator: inout SeededGenerator
    ) throws {
        try fileSystem.makeDirectories(folder.appending("library"))
        try fileSystem.makeDirectories(folder.appending("preferences"))
        try add("application", Array(Self.script.utf8), 0o755)
        try add("check", Array(Self.check.utf8), 0o755)
        try add("VERSION", Array((version + "\n").utf8))
        try add("SCHEMA", Array("\(schema)\n".utf8))
        try add("BEHAVIOUR", Array((behaviour.rawValue + "\n").utf8))
        try add("only-in-\(version)", Array("a file that no other version has\n".utf8))
        for index in 0..<30 {
            // Every third file is another one in each version.
            var content = SeededGenerator(seed: UInt64(index))
            if index.isMultiple(of: 3) { content = SeededGenerator(seed: generator.next()) }
            try add("library/\(index).bin", (0..<2000).flatMap { _ in withUnsafeBytes(of: content.next(), Array.init) })
        }
        // The customer's own is kept, so this one may be beside it and is not asked for.
        try fileSystem.replace(
            folder.appending("preferences/settings"), with: Array("# \(version)\n".utf8), permissions: 0o644)

        func add(_ path: String, _ bytes: [UInt8], _ permissions: UInt16 = 0o644) throws {
            try fileSystem.replace(folder.pushing(FilePath(path)), with: bytes, permissions: permissions)
            files[path] = sha256Hex(bytes)
        }
    }

    private static let check = """
        #!/bin/sh
        # Up is only who lives: after a kill the file is still there.
        read -r version pid < "$RUN/up" && [ "$version" = "$(cat VERSION)" ] && kill -0 "$pid" && echo "$version"

        """

    /// A line begins with its newline: half of one that a full disk left behind stays a line of its own.
    private static let script = #"""
        #!/bin/sh
        # Environment: DATA, where the data is; RUN, where it says what it is doing.
        version=$(cat VERSION) schema=$(cat SCHEMA) behaviour=$(cat BEHAVIOUR)
        start=$version.$$.$(date +%s%N)
        echo "$$" > "$RUN/process"
        rm -f "$RUN/up"
        [ "$behaviour" = crashesAtStart ] && exit 1
        trap ': > "$RUN/stopping"; rm -f "$RUN/up"; exit 0' TERM

        # The data: a file with a log beside it, as a database has them, and a folder.
        database=$DATA/database log=$DATA/database-wal store=$DATA/store
        found=$(head -n 1 "$database") stored=$(cat "$store/schema")
        # A kill may leave it empty: as good as absent.
        logged=$(head -n 1 "$log" 2>/dev/null)
        case $behaviour in
        migrates*)
            # Each part by itself: a kill in between is gone on from.
            if [ "$found" != "$schema" ]; then
                { echo "$schema"; tail -n +2 "$database"; } > "$database.new" && sync -d "$database.new" || exit 1
                mv "$database.new" "$database" && sync "$DATA" || exit 1
            fi
            [ "$logged" = "$schema" ] || rm -f "$log" || exit 1
            if [ "$stored" != "$schema" ]; then
                echo "$schema" > "$store/schema.new" && sync -d "$store/schema.new" || exit 1
                mv "$store/schema.new" "$store/schema" || exit 1
            fi
            ;;
        *)
            if [ "$found" != "$schema" ] || [ "${logged:-$schema}" != "$schema" ] || [ "$stored" != "$schema" ]; then
                echo "$version works with data of $schema; found: file $found, log $logged, folder $stored" \
                    >> "$RUN/damage"
                exit 1
            fi
            ;;
        esac

        mkdir -p counter backups || exit 1
        # Written once, under another name first: never half a backup.
        if echo "$start" > "backups/.$start" && sync -d "backups/.$start" && mv "backups/.$start" "backups/$start"; then
            echo "backup $start" >> "$RUN/said"
        fi
        case $behaviour in healthy | migrates) echo "$version $$" > "$RUN/up" ;; esac
        number=0
        while :; do
            number=$((number + 1)) line="$start $number"
            if printf '\n%s\n' "$line" >> counter/lines && sync -d counter/lines; then
                echo "kept $line" >> "$RUN/said"
            fi
            if printf '\n%s\n' "$line" >> "$database" && sync -d "$database"; then
                echo "data $line" >> "$RUN/said"
            fi
            printf '%s\n%s\n' "$schema" "$line" > "$log"
            echo "$line" > "$store/$((number % 10))"
            sleep 0.03
        done

        """#
}
