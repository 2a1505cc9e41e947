// SPDX-License-Identifier: Apache-2.0

// Where an update's content comes from.
extension LocalizedText {
    static let chosen = LocalizedText(it: "scelto", en: "chosen", fr: "retenu", de: "gewählt")
    static let possible = LocalizedText(it: "possibile", en: "possible", fr: "possible", de: "möglich")
    static let content = LocalizedText(it: "Contenuto", en: "Content", fr: "Contenu", de: "Inhalt")
    static let toFetch = LocalizedText(it: "Da scaricare", en: "To fetch", fr: "À télécharger", de: "Herunterzuladen")
    static let requests = LocalizedText(it: "Richieste", en: "Requests", fr: "Requêtes", de: "Anfragen")
    static let wayNothing = LocalizedText(
        it: "tutto è già qui", en: "everything is here", fr: "tout est déjà là", de: "alles ist schon hier")
    static let wayDelta = LocalizedText(
        it: "differenze dalla versione installata", en: "delta from the installed version",
        fr: "différences avec la version installée", de: "Unterschiede zur installierten Version")
    static let wayRanges = LocalizedText(
        it: "parti del pacchetto completo", en: "parts of the full pack", fr: "parties du paquet complet",
        de: "Teile des vollständigen Pakets")
    static let wayPack = LocalizedText(
        it: "pacchetto completo", en: "the full pack", fr: "le paquet complet", de: "das vollständige Paket")
    static let reused = LocalizedText(
        it: "{bytes} si prendono da ciò che è installato.", en: "{bytes} come from what is installed.",
        fr: "{bytes} proviennent de ce qui est installé.", de: "{bytes} kommen aus dem, was installiert ist.")
}
