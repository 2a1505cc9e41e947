// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A sentence about some files, and their names, ready to show.
public struct FileList: Sendable, Hashable {
    public var title: String
    /// Without anything that could look like another line, or move a cursor.
    public var names: [String]
    /// In all, named or not.
    public var count: Int

    init(_ title: String, _ names: [String], count: Int) {
        self.title = title
        self.names = names.map(Catalogue.visible)
        self.count = max(count, names.count)
    }

    /// Up to `limit` names, and how many more there are.
    public func lines(limit: Int, _ language: Language) -> [String] {
        let shown = names.prefix(limit)
        guard count > shown.count else { return Array(shown) }
        return shown + [LocalizedText.andMore.filled(["count": "\(count - shown.count)"], language: language)]
    }
}

extension Catalogue {
    /// Text of others, such as the name of a customer's file, in one line: what breaks lines, moves a cursor or turns
    /// the direction of writing shows as `�`.
    public static func visible(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
                    default: scalar.properties.isBidiControl ? "\u{FFFD}" : scalar
                    }
                }))
    }

    /// What would become of foreign files; `nil` when there are none.
    public static func foreign(_ plan: UpdatePlan, _ language: Language) -> FileList? {
        guard plan.foreignCount > 0 else { return nil }
        var arguments = ["count": counted(plan.foreignCount, .file, language)]
        guard plan.retention > 0 else {
            let title = LocalizedText.foreignAheadDeleted.filled(arguments, language: language)
            return FileList(title, plan.foreign, count: plan.foreignCount)
        }
        arguments["folder"] = plan.oldFolder.map(visible) ?? LocalizedText.oldFolder[language]
        arguments["time"] = duration(seconds: Int(plan.retention), language)
        let title = LocalizedText.foreignAhead.filled(arguments, language: language)
        return FileList(title, plan.foreign, count: plan.foreignCount)
    }

    /// Where an update has left foreign files; `nil` when there are none, or when they are where they were.
    public static func foreign(_ run: UpdateRun, _ language: Language, timeZone: TimeZone = .gmt) -> FileList? {
        guard run.foreignCount > 0, run.outcome == .updated else { return nil }
        var arguments = ["count": counted(run.foreignCount, .file, language)]
        var text = LocalizedText.foreignDeleted
        if let old = run.oldKept {
            text = .foreignNow
            arguments["folder"] = visible(old.path)
            arguments["date"] = moment(old.until, language, timeZone: timeZone)
        }
        return FileList(text.filled(arguments, language: language), run.foreign, count: run.foreignCount)
    }

    /// What the new version's folder could not have of the customer's files; `nil` when it could have everything.
    public static func notCarried(_ plan: UpdatePlan, _ language: Language) -> FileList? {
        notCarried(plan.notCarried, count: plan.notCarriedCount, .notCarriedAhead, language)
    }

    /// What the new version's folder does not have of the customer's files; `nil` when it has everything, or when the
    /// run did not put it in place.
    public static func notCarried(_ run: UpdateRun, _ language: Language) -> FileList? {
        guard run.outcome == .updated else { return nil }
        return notCarried(run.notCarried, count: run.notCarriedCount, .notCarriedNow, language)
    }

    private static func notCarried(
        _ files: [NotCarriedFile], count: Int, _ title: LocalizedText, _ language: Language
    ) -> FileList? {
        guard count > 0 else { return nil }
        let names = files.map { file in
            var arguments: [String: String] = [:]
            arguments["name"] = file.name
            return file.path + ": " + file.what.text.filled(arguments, language: language)
        }
        let number = counted(count, .file, language)
        return FileList(title.filled(["count": number], language: language), names, count: count)
    }

    /// `1.0 in /srv/OM Business_old, until 7 December 2026, 10:00:00 UTC`
    public static func oldFolder(_ old: OldFolder, _ language: Language, timeZone: TimeZone = .gmt) -> String {
        LocalizedText.previousVersionKept.filled(
            [
                "version": old.version, "folder": visible(old.path),
                "date": moment(old.until, language, timeZone: timeZone),
            ], language: language)
    }

    /// How a data command ended, in a line; below it the end of what it wrote, if it failed.
    public static func dataCommand(_ command: CommandOutput, _ language: Language) -> [String] {
        var arguments = [
            "name": visible(command.name), "action": command.action.text[language],
            "time": measured(seconds: command.seconds, language),
        ]
        arguments["status"] = command.status.map { "\($0)" }
        let text = command.status == nil ? LocalizedText.dataCommandEnded : .dataCommandDone
        let line = text.filled(arguments, language: language)
        guard command.status != 0 else { return [line] }
        let written = command.output.split(whereSeparator: \.isNewline).suffix(linesOfOutput)
        return [line] + written.map { "  " + visible(String($0)) }
    }

    /// The last lines of a program that failed say why; the rest is in `--json`.
    private static let linesOfOutput = 10
}
