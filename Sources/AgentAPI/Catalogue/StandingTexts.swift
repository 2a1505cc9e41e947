// SPDX-License-Identifier: Apache-2.0

extension Standing {
    /// Of folder, data and service, each a sentence; arguments: `from`, `to`, `path`, `saved`.
    var texts: [LocalizedText] {
        var texts = [inPlace.text]
        if !savedData.isEmpty {
            texts.append(
                LocalizedText(
                    it:
                        "I suoi dati non sono quelli di prima: non è stato possibile ripristinarli. Quanto ne era stato "
                        + "salvato è in {saved} e vi resta.",
                    en: "Its data is not what it was: it could not be given back. What was saved of it is in {saved}, "
                        + "and stays there.",
                    fr: "Ses données ne sont plus celles d'avant : elles n'ont pas pu être restaurées. Ce qui en avait "
                        + "été sauvegardé se trouve dans {saved} et y reste.",
                    de: "Ihre Daten sind nicht die von vorher: Sie konnten nicht zurückgegeben werden. Was davon "
                        + "gesichert war, liegt in {saved} und bleibt dort."))
        }
        texts.append(
            isRunning
                ? LocalizedText(
                    it: "Il servizio è in funzione, ma non è accertato che sia sano.",
                    en: "The service is running, but is not known to be healthy.",
                    fr: "Le service est en marche, mais rien n'assure qu'il fonctionne bien.",
                    de: "Der Dienst läuft, es steht aber nicht fest, dass er gesund ist.")
                : LocalizedText(
                    it: "Il servizio non è in funzione.", en: "The service is not running.",
                    fr: "Le service n'est pas en marche.", de: "Der Dienst läuft nicht."))
        return texts
    }
}

extension Standing.Place {
    fileprivate var text: LocalizedText {
        switch self {
        case .old:
            LocalizedText(
                it: "La versione precedente[[ {from}]] è al suo posto con i suoi file.",
                en: "The previous version[[ {from}]] is in its place with its files.",
                fr: "La version précédente[[ {from}]] est en place avec ses fichiers.",
                de: "Die vorherige Version[[ {from}]] ist mit ihren Dateien an ihrem Platz.")
        case .new:
            LocalizedText(
                it: "La nuova versione[[ {to}]] è rimasta al suo posto.",
                en: "The new version[[ {to}]] has stayed in place.",
                fr: "La nouvelle version[[ {to}]] est restée en place.",
                de: "Die neue Version[[ {to}]] ist an ihrem Platz geblieben.")
        case .unknown:
            LocalizedText(
                it: "Ciò che si trova in {path} non è alcuna delle versioni conosciute; è stato lasciato com'è.",
                en: "What stands at {path} is none of the versions that are known; it was left as it is.",
                fr: "Ce qui se trouve dans {path} n'est aucune des versions connues ; cela a été laissé tel quel.",
                de: "Was unter {path} steht, ist keine der bekannten Versionen; es blieb, wie es ist.")
        }
    }
}

extension Catalogue {
    /// What state the system is in when not even going back has worked.
    public static func standing(
        _ standing: Standing, _ arguments: [String: String] = [:], language: Language
    ) -> String {
        var arguments = arguments
        if !standing.savedData.isEmpty { arguments["saved"] = standing.savedData.joined(separator: ", ") }
        return standing.texts.map { $0.filled(arguments, language: language) }.joined(separator: " ")
    }
}
