// SPDX-License-Identifier: Apache-2.0

extension UpdateStep {
    var text: LocalizedText {
        switch self {
        case .requested: LocalizedText(it: "Ordinato", en: "Ordered", fr: "Demandée", de: "Beauftragt")
        case .downloading:
            LocalizedText(it: "Scaricamento", en: "Downloading", fr: "Téléchargement", de: "Herunterladen")
        case .staging: LocalizedText(it: "Preparazione", en: "Preparing", fr: "Préparation", de: "Vorbereitung")
        case .warning:
            LocalizedText(it: "Avviso alle persone", en: "Warning people", fr: "Avertissement", de: "Vorwarnung")
        case .closing:
            LocalizedText(
                it: "Chiusura delle sessioni", en: "Closing sessions", fr: "Fermeture des sessions",
                de: "Sitzungen schließen")
        case .stopping:
            LocalizedText(
                it: "Arresto del servizio", en: "Stopping the service", fr: "Arrêt du service",
                de: "Dienst anhalten")
        case .carryingOver:
            LocalizedText(
                it: "Trasferimento dei file", en: "Carrying files over", fr: "Reprise des fichiers",
                de: "Dateien übernehmen")
        case .swapping:
            LocalizedText(it: "Scambio delle versioni", en: "Swapping", fr: "Permutation", de: "Austausch")
        case .starting:
            LocalizedText(
                it: "Avvio e controllo", en: "Starting and checking", fr: "Démarrage et contrôle",
                de: "Starten und prüfen")
        case .rollingBack:
            LocalizedText(
                it: "Ritorno alla versione precedente", en: "Rolling back", fr: "Retour à l'ancienne version",
                de: "Zurück zur alten Version")
        case .cleaningUp: LocalizedText(it: "Pulizia", en: "Cleaning up", fr: "Nettoyage", de: "Aufräumen")
        case .notifying:
            LocalizedText(
                it: "Invio della comunicazione", en: "Sending mail", fr: "Envoi du message",
                de: "Benachrichtigung senden")
        case .offeringClients:
            LocalizedText(
                it: "Offerta del nuovo client", en: "Offering clients", fr: "Mise à disposition du client",
                de: "Client anbieten")
        case .finished: LocalizedText(it: "Concluso", en: "Finished", fr: "Terminée", de: "Abgeschlossen")
        }
    }
}

extension UpdateOutcome {
    var text: LocalizedText {
        switch self {
        case .updated: LocalizedText(it: "aggiornato", en: "updated", fr: "mis à jour", de: "aktualisiert")
        case .rolledBack:
            LocalizedText(
                it: "riportato alla versione precedente", en: "rolled back", fr: "revenu à l'ancienne version",
                de: "auf die alte Version zurückgesetzt")
        case .cancelled: LocalizedText(it: "annullato", en: "cancelled", fr: "annulé", de: "abgebrochen")
        case .failed: LocalizedText(it: "non riuscito", en: "failed", fr: "échoué", de: "fehlgeschlagen")
        }
    }
}

extension ServiceState {
    var text: LocalizedText {
        switch self {
        case .starting: LocalizedText(it: "in avvio", en: "starting", fr: "démarrage", de: "startet")
        case .running: LocalizedText(it: "in funzione", en: "running", fr: "en marche", de: "läuft")
        case .stopping: LocalizedText(it: "in arresto", en: "stopping", fr: "arrêt en cours", de: "hält an")
        case .stopped: LocalizedText(it: "fermo", en: "stopped", fr: "arrêté", de: "angehalten")
        case .waitingToRestart:
            LocalizedText(
                it: "in attesa di riavvio", en: "waiting to restart", fr: "en attente de redémarrage",
                de: "wartet auf Neustart")
        }
    }
}

extension SessionState {
    var text: LocalizedText {
        switch self {
        case .open: LocalizedText(it: "aperta", en: "open", fr: "ouverte", de: "offen")
        case .warned: LocalizedText(it: "avvisata", en: "warned", fr: "avertie", de: "gewarnt")
        case .ready: LocalizedText(it: "pronta", en: "ready", fr: "prête", de: "bereit")
        case .closing: LocalizedText(it: "in chiusura", en: "closing", fr: "en fermeture", de: "wird geschlossen")
        case .ended: LocalizedText(it: "terminata", en: "ended", fr: "terminée", de: "beendet")
        }
    }
}

extension NoticeKind {
    var text: LocalizedText {
        switch self {
        case .warning:
            LocalizedText(
                it: "{product} sarà aggiornato[[ alla versione {to}]]. Si prega di salvare il lavoro e di chiudere: "
                    + "il programma si chiuderà[[ tra {time}]].",
                en: "{product} is going to be updated[[ to version {to}]]. Please save your work and close: "
                    + "the program will be closed[[ in {time}]].",
                fr: "{product} va être mis à jour[[ vers la version {to}]]. Veuillez enregistrer votre travail et "
                    + "fermer : le programme sera fermé[[ dans {time}]].",
                de: "{product} wird[[ auf Version {to}]] aktualisiert. Bitte speichern Sie Ihre Arbeit und schließen "
                    + "Sie das Programm: Es wird[[ in {time}]] geschlossen.")
        case .closing:
            LocalizedText(
                it: "Il tempo è scaduto: {product} si chiude ora per l'aggiornamento. Si potrà rientrare tra poco.",
                en: "The time is up: {product} closes now for the update. You can log in again shortly.",
                fr: "Le délai est écoulé : {product} se ferme maintenant pour la mise à jour. Vous pourrez vous "
                    + "reconnecter sous peu.",
                de: "Die Zeit ist abgelaufen: {product} wird jetzt für die Aktualisierung geschlossen. Sie können "
                    + "sich in Kürze wieder anmelden.")
        case .cancelled:
            LocalizedText(
                it: "L'aggiornamento di {product} è stato annullato. Si può continuare a lavorare.",
                en: "The update of {product} was cancelled. You can go on working.",
                fr: "La mise à jour du logiciel {product} a été annulée. Vous pouvez continuer à travailler.",
                de: "Die Aktualisierung von {product} wurde abgebrochen. Sie können weiterarbeiten.")
        case .clientOffered:
            LocalizedText(
                it: "Per questo server è disponibile il client[[ nella versione {to}]]. Si consiglia di aggiornarlo "
                    + "ora.",
                en: "The client that belongs to this server is available[[ in version {to}]]. "
                    + "Please update it now.",
                fr: "Le client correspondant à ce serveur est disponible[[ en version {to}]]. Veuillez le mettre à "
                    + "jour maintenant.",
                de: "Der zu diesem Server gehörende Client ist[[ in Version {to}]] verfügbar. Bitte aktualisieren "
                    + "Sie ihn jetzt.")
        }
    }
}

extension SystemState {
    var text: LocalizedText {
        switch self {
        case .untouched:
            LocalizedText(
                it: "Nulla è stato modificato: il servizio continua a funzionare[[ con la versione {from}]].",
                en: "Nothing was changed: the service goes on running[[ with version {from}]].",
                fr: "Rien n'a été modifié : le service continue de fonctionner[[ avec la version {from}]].",
                de: "Es wurde nichts verändert: Der Dienst läuft[[ mit Version {from}]] weiter.")
        case .rolledBack:
            LocalizedText(
                it: "La versione precedente[[ {from}]] è di nuovo al suo posto e in funzione, con i suoi file e dati.",
                en: "The previous version[[ {from}]] is back in its place and running, with its files and data.",
                fr: "La version précédente[[ {from}]] est de nouveau en place et en marche, avec ses fichiers et ses "
                    + "données.",
                de: "Die vorherige Version[[ {from}]] ist wieder an ihrem Platz und läuft, mit ihren Dateien und "
                    + "Daten.")
        case .notRunning:
            LocalizedText(
                it: "La versione precedente[[ {from}]] è al suo posto con i suoi file e dati, ma il servizio non è in "
                    + "funzione.",
                en: "The previous version[[ {from}]] is in its place with its files and data, but the service is not "
                    + "running.",
                fr: "La version précédente[[ {from}]] est en place avec ses fichiers et ses données, mais le service "
                    + "n'est pas en marche.",
                de: "Die vorherige Version[[ {from}]] ist mit ihren Dateien und Daten an ihrem Platz, aber der Dienst "
                    + "läuft nicht.")
        case .updated:
            LocalizedText(
                it: "L'aggiornamento è riuscito: la nuova versione[[ {to}]] è in funzione.",
                en: "The update itself is complete: the new version[[ {to}]] is running.",
                fr: "La mise à jour elle-même est terminée : la nouvelle version[[ {to}]] est en marche.",
                de: "Die Aktualisierung selbst ist abgeschlossen: Die neue Version[[ {to}]] läuft.")
        case .agentNotStarted:
            LocalizedText(
                it: "L'agente non è partito e non ha modificato nulla.",
                en: "The agent did not start and changed nothing.",
                fr: "L'agent n'a pas démarré et n'a rien modifié.",
                de: "Der Agent wurde nicht gestartet und hat nichts verändert.")
        case .nothingInstalled:
            LocalizedText(
                it: "Nulla è stato installato.", en: "Nothing was installed.", fr: "Rien n'a été installé.",
                de: "Es wurde nichts installiert.")
        case .nothingChanged:
            LocalizedText(
                it: "Nulla è stato modificato.", en: "Nothing was changed.", fr: "Rien n'a été modifié.",
                de: "Es wurde nichts verändert.")
        case .clientUnchanged:
            LocalizedText(
                it: "Il client mantiene la sua versione; il server non ne è toccato.",
                en: "The client keeps its version; the server is not affected.",
                fr: "Le client garde sa version ; le serveur n'est pas concerné.",
                de: "Der Client behält seine Version; der Server ist nicht betroffen.")
        case .serviceDown:
            LocalizedText(
                it: "L'applicazione è al suo posto con i suoi file e dati, ma il servizio non è in funzione.",
                en: "The application is in its place with its files and data, but the service is not running.",
                fr: "L'application est en place avec ses fichiers et ses données, mais le service n'est pas en marche.",
                de: "Die Anwendung ist mit ihren Dateien und Daten an ihrem Platz, aber der Dienst läuft nicht.")
        case .unaffected:
            LocalizedText(
                it: "L'applicazione non ne è toccata.", en: "The application is not affected.",
                fr: "L'application n'en est pas affectée.", de: "Die Anwendung ist davon nicht betroffen.")
        }
    }
}
