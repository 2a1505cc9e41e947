// SPDX-License-Identifier: Apache-2.0
import SystemPackage
import Yams

extension ConfigurationParser {
    func data(_ installation: ConfigurationSection) throws(ConfigurationError) -> [DataConfiguration] {
        var result: [DataConfiguration] = []
        var names: Set<String> = []
        for (index, node) in (try installation.nodes("data") ?? []).enumerated() {
            if let scalar = node.scalar {
                guard !scalar.string.isEmpty else {
                    throw ConfigurationError(
                        .badValue, file: file, line: node.mark?.line,
                        reason: "every path in “\(installation.name("data"))” must not be empty")
                }
                result.append(.path(resolve(scalar.string)))
                continue
            }
            let commands = try commands(node, path: installation.name("data[\(index)]"))
            // Two snapshots of one name would be one.
            guard names.insert(commands.name).inserted else {
                throw ConfigurationError(
                    .badValue, file: file, line: node.mark?.line,
                    reason: "“\(installation.name("data"))” has the name “\(commands.name)” twice")
            }
            result.append(.commands(commands))
        }
        return result
    }

    private func commands(_ node: Node, path: String) throws(ConfigurationError) -> DataCommandsConfiguration {
        let entry = try ConfigurationSection(node, file: file, path: path, keys: ["commands"])
        let section = try entry.required(
            "commands",
            try entry.section("commands", keys: ["name", "save", "verify", "restore", "size", "timeout"]))
        return DataCommandsConfiguration(
            name: try name(section, "name"), save: try section.required("save", try section.command("save")),
            verify: try section.command("verify"),
            restore: try section.required("restore", try section.command("restore")),
            size: try section.command("size"),
            timeout: try section.seconds("timeout", in: 1...86400) ?? DataCommandsConfiguration.defaultTimeout)
    }
}
