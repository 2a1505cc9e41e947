// SPDX-License-Identifier: Apache-2.0
import AgentAPI

/// Words of the command line itself; what the agent says (steps, failures, mails) is in `AgentAPI.Catalogue`.
/// `%1`, `%2`… are places.
enum Text: CaseIterable {
    case installation, product, version, available, service, sessions, folder, run
    case date, severity, size, state, remark, person, workstation, client, since, outcome, downtime
    case current, installed, recalled, none
    case starting, running, stopping, stopped, waitingToRestart
    case open, warned, ready, closing, ended
    case updated, rolledBack, cancelled, failed, goingOn, scheduled
    case noInstallations, noSessions, noRuns, noRun, noReleases
    case down, people, kept, beside, secondsLeft, loggedIn, installedInto, watchLater, cancelledNow
    case confirm, confirmPeople, nothingNewer, whatHappened, whatState, whatToDo

    func callAsFunction(_ language: Language, _ arguments: String...) -> String {
        var text = translations[language.column]
        for (index, argument) in arguments.enumerated() {
            text = text.replacing("%\(index + 1)", with: argument)
        }
        return text
    }

    /// English, Italian, French, German.
    private var translations: [String] {
        switch self {
        case .installation: ["INSTALLATION", "INSTALLAZIONE", "INSTALLATION", "INSTALLATION"]
        case .product: ["PRODUCT", "PRODOTTO", "PRODUIT", "PRODUKT"]
        case .version: ["VERSION", "VERSIONE", "VERSION", "VERSION"]
        case .available: ["AVAILABLE", "DISPONIBILE", "DISPONIBLE", "VERFÜGBAR"]
        case .service: ["SERVICE", "SERVIZIO", "SERVICE", "DIENST"]
        case .sessions: ["SESSIONS", "SESSIONI", "SESSIONS", "SITZUNGEN"]
        case .folder: ["FOLDER", "CARTELLA", "DOSSIER", "ORDNER"]
        case .run: ["UPDATE", "AGGIORNAMENTO", "MISE À JOUR", "UPDATE"]
        case .date: ["DATE", "DATA", "DATE", "DATUM"]
        case .severity: ["SEVERITY", "GRAVITÀ", "GRAVITÉ", "DRINGLICHKEIT"]
        case .size: ["SIZE", "DIMENSIONE", "TAILLE", "GRÖSSE"]
        case .state: ["STATE", "STATO", "ÉTAT", "ZUSTAND"]
        case .remark: ["REMARK", "NOTA", "REMARQUE", "BEMERKUNG"]
        case .person: ["PERSON", "PERSONA", "PERSONNE", "PERSON"]
        case .workstation: ["WORKSTATION", "POSTAZIONE", "POSTE", "ARBEITSPLATZ"]
        case .client: ["CLIENT", "CLIENT", "CLIENT", "CLIENT"]
        case .since: ["SINCE", "DAL", "DEPUIS", "SEIT"]
        case .outcome: ["OUTCOME", "ESITO", "RÉSULTAT", "ERGEBNIS"]
        case .downtime: ["DOWN", "FERMO", "ARRÊT", "AUSZEIT"]
        case .current: ["current", "attuale", "actuelle", "aktuell"]
        case .installed: ["installed", "installata", "installée", "installiert"]
        case .recalled: ["recalled", "ritirata", "retirée", "zurückgezogen"]
        case .none: ["none", "nessuna", "aucune", "keine"]
        case .starting: ["starting", "in avvio", "démarre", "startet"]
        case .running: ["running", "attivo", "actif", "läuft"]
        case .stopping: ["stopping", "in arresto", "s’arrête", "hält an"]
        case .stopped: ["stopped", "fermo", "arrêté", "angehalten"]
        case .waitingToRestart:
            ["waiting to restart", "attende il riavvio", "attend de redémarrer", "wartet auf Neustart"]
        case .open: ["open", "aperta", "ouverte", "offen"]
        case .warned: ["warned", "avvisata", "avertie", "gewarnt"]
        case .ready: ["ready", "pronta", "prête", "bereit"]
        case .closing: ["closing", "in chiusura", "se ferme", "schließt"]
        case .ended: ["ended", "terminata", "terminée", "beendet"]
        case .updated: ["updated", "aggiornato", "mis à jour", "aktualisiert"]
        case .rolledBack: ["rolled back", "ripristinato", "rétabli", "zurückgesetzt"]
        case .cancelled: ["cancelled", "annullato", "annulé", "abgebrochen"]
        case .failed: ["failed", "non riuscito", "échoué", "fehlgeschlagen"]
        case .goingOn: ["going on", "in corso", "en cours", "läuft"]
        case .scheduled: ["scheduled for %1", "programmato per %1", "prévu pour %1", "geplant für %1"]
        case .noInstallations, .noSessions, .noRuns, .noRun, .noReleases, .down, .people, .kept, .beside,
            .secondsLeft, .loggedIn, .installedInto, .watchLater, .cancelledNow, .nothingNewer, .confirm, .confirmPeople,
            .whatHappened, .whatState, .whatToDo:
            sentences
        }
    }

    private var sentences: [String] {
        switch self {
        case .noInstallations:
            [
                "This agent has no installations.", "Questo agente non ha installazioni.",
                "Cet agent n’a pas d’installations.", "Dieser Agent hat keine Installationen.",
            ]
        case .noSessions:
            [
                "Nobody is connected.", "Nessuno è connesso.", "Personne n’est connecté.", "Niemand ist verbunden.",
            ]
        case .noRuns:
            [
                "There was no update yet.", "Non c’è stato ancora nessun aggiornamento.",
                "Il n’y a pas encore eu de mise à jour.", "Es gab noch kein Update.",
            ]
        case .noRun:
            [
                "No update is going on.", "Nessun aggiornamento è in corso.", "Aucune mise à jour n’est en cours.",
                "Es läuft kein Update.",
            ]
        case .noReleases:
            [
                "The channel has no releases.", "Il canale non ha versioni.", "Le canal n’a pas de versions.",
                "Der Kanal hat keine Versionen.",
            ]
        case .down:
            [
                "The service was down for %1; the application itself took %2 to stop and %3 to start.",
                "Il servizio è rimasto fermo per %1; l’applicazione stessa ha impiegato %2 per fermarsi e %3 per avviarsi.",
                "Le service a été arrêté pendant %1 ; l’application elle-même a mis %2 à s’arrêter et %3 à démarrer.",
                "Der Dienst stand %1 lang still; die Anwendung selbst brauchte %2 zum Anhalten und %3 zum Starten.",
            ]
        case .people:
            [
                "People: %1 warned, %2 ready or gone in time, %3 closed.",
                "Persone: %1 avvisate, %2 pronte o uscite in tempo, %3 chiuse.",
                "Personnes : %1 averties, %2 prêtes ou parties à temps, %3 fermées.",
                "Personen: %1 gewarnt, %2 bereit oder rechtzeitig gegangen, %3 geschlossen.",
            ]
        case .kept: ["Files kept: %1.", "File conservati: %1.", "Fichiers conservés : %1.", "Behaltene Dateien: %1."]
        case .beside:
            [
                "The release’s own %1 is beside yours.", "Quello della nuova versione è accanto al vostro: %1.",
                "Celui de la nouvelle version est à côté du vôtre : %1.",
                "Das der neuen Version liegt neben Ihrem: %1.",
            ]
        default: shortSentences
        }
    }

    private var shortSentences: [String] {
        switch self {
        case .secondsLeft: ["%1 s left", "ancora %1 s", "encore %1 s", "noch %1 s"]
        case .loggedIn:
            ["Logged in to %1 as %2.", "Accesso a %1 come %2.", "Connecté à %1 comme %2.", "Bei %1 angemeldet als %2."]
        case .installedInto:
            [
                "%1 %2 is installed in %3.", "%1 %2 è installato in %3.", "%1 %2 est installé dans %3.",
                "%1 %2 ist in %3 installiert.",
            ]
        case .watchLater:
            [
                "The update is ordered. Follow it with: ricambio watch",
                "L’aggiornamento è ordinato. Si segue con: ricambio watch",
                "La mise à jour est demandée. Suivez-la avec : ricambio watch",
                "Das Update ist angefordert. Verfolgen mit: ricambio watch",
            ]
        case .cancelledNow:
            [
                "The update is cancelled; %1 goes on running.", "L’aggiornamento è annullato; %1 resta in funzione.",
                "La mise à jour est annulée ; %1 continue.", "Das Update ist abgebrochen; %1 läuft weiter.",
            ]
        case .nothingNewer:
            [
                "%1 %2 is the newest version: there is nothing to update.",
                "%1 %2 è la versione più recente: non c’è nulla da aggiornare.",
                "%1 %2 est la version la plus récente : il n’y a rien à mettre à jour.",
                "%1 %2 ist die neueste Version: es gibt nichts zu aktualisieren.",
            ]
        case .confirm:
            [
                "Update %1 from %2 to %3? Sessions close after %4 s. [y/N] ",
                "Aggiornare %1 da %2 a %3? Le sessioni si chiudono dopo %4 s. [s/N] ",
                "Mettre à jour %1 de %2 vers %3 ? Les sessions se ferment après %4 s. [o/N] ",
                "%1 von %2 auf %3 aktualisieren? Sitzungen schließen nach %4 s. [j/N] ",
            ]
        case .confirmPeople:
            ["People connected: %1.", "Persone connesse: %1.", "Personnes connectées : %1.", "Verbundene Personen: %1."]
        case .whatHappened:
            ["What happened: %1", "Che cosa è successo: %1", "Ce qui s’est passé : %1", "Was geschah: %1"]
        case .whatState: ["State now: %1", "Stato attuale: %1", "État actuel : %1", "Zustand jetzt: %1"]
        case .whatToDo: ["What to do: %1", "Che cosa fare: %1", "Que faire : %1", "Was zu tun ist: %1"]
        default: ["", "", "", ""]
        }
    }
}

extension Language {
    fileprivate var column: Int {
        switch self {
        case .english: 0
        case .italian: 1
        case .french: 2
        case .german: 3
        }
    }

    /// The letter that says yes.
    var yes: Character {
        switch self {
        case .english: "y"
        case .italian: "s"
        case .french: "o"
        case .german: "j"
        }
    }

    /// The person's language: what `--language` says, else the locale of the environment, else English.
    static func chosen(_ option: Language?, environment: [String: String]) -> Language {
        if let option { return option }
        for name in ["LC_ALL", "LC_MESSAGES", "LANG"] {
            if let locale = environment[name], !locale.isEmpty { return Language(locale: locale) ?? .english }
        }
        return .english
    }
}
