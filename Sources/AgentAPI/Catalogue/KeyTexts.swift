// SPDX-License-Identifier: Apache-2.0

// Columns and labels.
extension LocalizedText {
    static let installation = LocalizedText(
        it: "Installazione",
        en: "Installation",
        fr: "Installation",
        de: "Installation")
    static let product = LocalizedText(it: "Prodotto", en: "Product", fr: "Produit", de: "Produkt")
    static let version = LocalizedText(it: "Versione", en: "Version", fr: "Version", de: "Version")
    static let available = LocalizedText(it: "Disponibile", en: "Available", fr: "Disponible", de: "Verfügbar")
    static let channel = LocalizedText(it: "Canale", en: "Channel", fr: "Canal", de: "Kanal")
    static let folder = LocalizedText(it: "Cartella", en: "Folder", fr: "Dossier", de: "Ordner")
    static let service = LocalizedText(it: "Servizio", en: "Service", fr: "Service", de: "Dienst")
    static let sessions = LocalizedText(it: "Sessioni", en: "Sessions", fr: "Sessions", de: "Sitzungen")
    static let person = LocalizedText(it: "Persona", en: "Person", fr: "Personne", de: "Person")
    static let workstation = LocalizedText(it: "Postazione", en: "Workstation", fr: "Poste", de: "Arbeitsplatz")
    static let client = LocalizedText(it: "Client", en: "Client", fr: "Client", de: "Client")
    static let state = LocalizedText(it: "Stato", en: "State", fr: "État", de: "Zustand")
    static let since = LocalizedText(it: "Dal", en: "Since", fr: "Depuis", de: "Seit")
    static let date = LocalizedText(it: "Data", en: "Date", fr: "Date", de: "Datum")
    static let severity = LocalizedText(it: "Importanza", en: "Severity", fr: "Importance", de: "Wichtigkeit")
    static let size = LocalizedText(it: "Dimensione", en: "Size", fr: "Taille", de: "Größe")
    static let notes = LocalizedText(it: "Note", en: "Notes", fr: "Notes", de: "Hinweise")
    static let run = LocalizedText(it: "Aggiornamento", en: "Update", fr: "Mise à jour", de: "Aktualisierung")
    static let from = LocalizedText(it: "Da", en: "From", fr: "De", de: "Von")
    static let to = LocalizedText(it: "A", en: "To", fr: "Vers", de: "Auf")
    static let orderedBy = LocalizedText(
        it: "Ordinato da",
        en: "Ordered by",
        fr: "Demandée par",
        de: "Beauftragt von")
    static let orderedAt = LocalizedText(it: "Ordinato il", en: "Ordered", fr: "Demandée le", de: "Beauftragt am")
    static let outcome = LocalizedText(it: "Esito", en: "Outcome", fr: "Résultat", de: "Ergebnis")
    static let step = LocalizedText(it: "Passo", en: "Step", fr: "Étape", de: "Schritt")
    static let duration = LocalizedText(it: "Durata", en: "Duration", fr: "Durée", de: "Dauer")
    static let downtime = LocalizedText(
        it: "Interruzione",
        en: "Down time",
        fr: "Interruption",
        de: "Ausfallzeit")
    static let kept = LocalizedText(it: "Mantenuti", en: "Kept", fr: "Conservés", de: "Übernommen")
    static let actor = LocalizedText(it: "Chi", en: "Who", fr: "Qui", de: "Wer")
    static let action = LocalizedText(it: "Azione", en: "Action", fr: "Action", de: "Vorgang")
    static let happened = LocalizedText(
        it: "Che cosa è accaduto",
        en: "What happened",
        fr: "Ce qui s'est passé",
        de: "Was geschehen ist")
    static let systemState = LocalizedText(
        it: "Stato del sistema",
        en: "State of the system",
        fr: "État du système",
        de: "Zustand des Systems")
    static let remedy = LocalizedText(
        it: "Che cosa fare",
        en: "What to do",
        fr: "Que faire",
        de: "Was zu tun ist")
    static let installed = LocalizedText(it: "installata", en: "installed", fr: "installée", de: "installiert")
    static let current = LocalizedText(it: "attuale", en: "current", fr: "actuelle", de: "aktuell")
    static let recalled = LocalizedText(it: "ritirata", en: "recalled", fr: "retirée", de: "zurückgerufen")
    static let none = LocalizedText(it: "nessuno", en: "none", fr: "aucun", de: "keine")
}

// Sentences of the command line.
extension LocalizedText {
    static let upToDate = LocalizedText(
        it: "È già installata la versione attuale, {version}.",
        en: "The current version, {version}, is installed.",
        fr: "La version actuelle, {version}, est installée.",
        de: "Die aktuelle Version {version} ist installiert.")
    static let updateAvailable = LocalizedText(
        it: "È disponibile la versione {version}.",
        en: "Version {version} is available.",
        fr: "La version {version} est disponible.",
        de: "Die Version {version} ist verfügbar.")
    static let confirmUpdate = LocalizedText(
        it: "Aggiornare {product} da {from} a {to}? Collegati: {people}; preavviso: {grace}. [s/N]",
        en: "Update {product} from {from} to {to}? Connected: {people}; grace time: {grace}. [y/N]",
        fr: "Mettre à jour {product} de {from} vers {to} ? Connectés : {people} ; préavis : {grace}. [o/N]",
        de: "{product} von {from} auf {to} aktualisieren? Verbunden: {people}; Vorwarnzeit: {grace}. [j/N]")
    static let yesLetters = LocalizedText(it: "sy", en: "y", fr: "oy", de: "jy")
    static let updateOrdered = LocalizedText(
        it: "Aggiornamento {id} ordinato.",
        en: "Update {id} ordered.",
        fr: "Mise à jour {id} demandée.",
        de: "Aktualisierung {id} beauftragt.")
    static let updateScheduled = LocalizedText(
        it: "Aggiornamento {id} in programma per {date}.",
        en: "Update {id} scheduled for {date}.",
        fr: "Mise à jour {id} programmée pour {date}.",
        de: "Aktualisierung {id} geplant für {date}.")
    static let updateDetached = LocalizedText(
        it: "Seguirlo con «ricambio watch».",
        en: "Follow it with “ricambio watch”.",
        fr: "Suivez-la avec « ricambio watch ».",
        de: "Verfolgen Sie sie mit „ricambio watch“.")
    static let updated = LocalizedText(
        it: "{product} è stato aggiornato da {from} a {to}[[; interruzione: {time}]].",
        en: "{product} was updated from {from} to {to}[[; down time: {time}]].",
        fr: "{product} a été mis à jour de {from} vers {to}[[ ; interruption : {time}]].",
        de: "{product} wurde von {from} auf {to} aktualisiert[[; Ausfallzeit: {time}]].")
    static let rolledBack = LocalizedText(
        it: "L'aggiornamento di {product} a {to} non è riuscito: è di nuovo in funzione la versione {from}.",
        en: "The update of {product} to {to} did not work: version {from} is running again.",
        fr:
            "La mise à jour du logiciel {product} vers {to} n'a pas réussi : la version {from} est de nouveau en marche.",
        de: "Die Aktualisierung von {product} auf {to} ist nicht gelungen: Version {from} läuft wieder.")
    static let failed = LocalizedText(
        it: "L'aggiornamento di {product} a {to} non è riuscito; nulla è stato modificato.",
        en: "The update of {product} to {to} failed; nothing was changed.",
        fr: "La mise à jour du logiciel {product} vers {to} a échoué ; rien n'a été modifié.",
        de: "Die Aktualisierung von {product} auf {to} ist fehlgeschlagen; es wurde nichts verändert.")
    static let stranded = LocalizedText(
        it: "L'aggiornamento di {product} a {to} non è riuscito, e nemmeno il ritorno a {from}: serve un intervento.",
        en: "The update of {product} to {to} failed, and so did going back to {from}: somebody has to act.",
        fr:
            "La mise à jour du logiciel {product} vers {to} a échoué, le retour à {from} aussi : une intervention est nécessaire.",
        de:
            "Die Aktualisierung von {product} auf {to} ist fehlgeschlagen, die Rückkehr zu {from} auch: Jemand muss handeln."
    )
    static let cancelled = LocalizedText(
        it: "L'aggiornamento di {product} a {to} è stato annullato.",
        en: "The update of {product} to {to} was cancelled.",
        fr: "La mise à jour du logiciel {product} vers {to} a été annulée.",
        de: "Die Aktualisierung von {product} auf {to} wurde abgebrochen.")
    static let nothingToCancel = LocalizedText(
        it: "Non c'è alcun aggiornamento da annullare.",
        en: "There is no update to cancel.",
        fr: "Il n'y a pas de mise à jour à annuler.",
        de: "Es gibt keine Aktualisierung abzubrechen.")
    static let noRuns = LocalizedText(
        it: "Non c'è ancora stato alcun aggiornamento.",
        en: "There have been no updates yet.",
        fr: "Il n'y a pas encore eu de mise à jour.",
        de: "Es gab noch keine Aktualisierung.")
    static let noSessions = LocalizedText(
        it: "Nessuno è collegato.",
        en: "Nobody is connected.",
        fr: "Personne n'est connecté.",
        de: "Niemand ist verbunden.")
    static let noReleases = LocalizedText(
        it: "Il canale non ha ancora alcuna versione.",
        en: "The channel has no releases yet.",
        fr: "Le canal n'a encore aucune version.",
        de: "Der Kanal hat noch keine Version.")
    static let timeLeft = LocalizedText(
        it: "ancora {time}",
        en: "{time} left",
        fr: "encore {time}",
        de: "noch {time}")
    static let installing = LocalizedText(
        it: "Installazione di {product} {version} in corso…",
        en: "Installing {product} {version}…",
        fr: "Installation du logiciel {product} {version}…",
        de: "{product} {version} wird installiert…")
    static let installedInto = LocalizedText(
        it: "{product} {version} è installato in {folder}.",
        en: "{product} {version} is installed in {folder}.",
        fr: "{product} {version} est installé dans {folder}.",
        de: "{product} {version} ist in {folder} installiert.")
    static let passwordPrompt = LocalizedText(
        it: "Password di {user}: ",
        en: "Password for {user}: ",
        fr: "Mot de passe de {user} : ",
        de: "Kennwort für {user}: ")
    static let newPasswordPrompt = LocalizedText(
        it: "Nuova password: ",
        en: "New password: ",
        fr: "Nouveau mot de passe : ",
        de: "Neues Kennwort: ")
    static let repeatPasswordPrompt = LocalizedText(
        it: "Ripetere la nuova password: ",
        en: "Repeat the new password: ",
        fr: "Répétez le nouveau mot de passe : ",
        de: "Neues Kennwort wiederholen: ")
    static let passwordsDiffer = LocalizedText(
        it: "Le due password non coincidono.",
        en: "The two passwords differ.",
        fr: "Les deux mots de passe diffèrent.",
        de: "Die beiden Kennwörter stimmen nicht überein.")
    static let passwordMustChange = LocalizedText(
        it: "La password era monouso: sceglierne una nuova.",
        en: "The password was a one-time password: choose a new one.",
        fr: "Ce mot de passe était à usage unique : choisissez-en un nouveau.",
        de: "Das Kennwort war ein Einmalkennwort: Wählen Sie ein neues.")
    static let loggedIn = LocalizedText(
        it: "Accesso eseguito su {url} come {user}.",
        en: "Logged in to {url} as {user}.",
        fr: "Connecté à {url} en tant que {user}.",
        de: "Bei {url} als {user} angemeldet.")
    static let trustFingerprint = LocalizedText(
        it: "L'agente {url} ha il certificato con impronta\n{fingerprint}\nCoincide con quella mostrata "
            + "all'avvio dell'agente? [s/N]",
        en: "The agent {url} has a certificate with the fingerprint\n{fingerprint}\nIs it the one that the "
            + "agent printed when it started? [y/N]",
        fr: "L'agent {url} a un certificat dont l'empreinte est\n{fingerprint}\nEst-ce celle que l'agent a "
            + "affichée au démarrage ? [o/N]",
        de: "Der Agent {url} hat ein Zertifikat mit dem Fingerabdruck\n{fingerprint}\nIst es der, den der "
            + "Agent beim Start ausgegeben hat? [j/N]")
    static let chooseInstallation = LocalizedText(
        it: "Indicare quale installazione (--installation): {list}",
        en: "Say which installation (--installation): {list}",
        fr: "Indiquez quelle installation (--installation) : {list}",
        de: "Geben Sie an, welche Installation (--installation): {list}")
}

// Client programs.
extension LocalizedText {
    static let welcome = LocalizedText(
        it: "Buongiorno {person}, buon lavoro con {product}.",
        en: "Hello {person}, welcome to {product}.",
        fr: "Bonjour {person}, bienvenue dans {product}.",
        de: "Guten Tag {person}, willkommen bei {product}.")
    static let countdown = LocalizedText(
        it: "Il programma si chiude tra {time}.",
        en: "The program will be closed in {time}.",
        fr: "Le programme sera fermé dans {time}.",
        de: "Das Programm wird in {time} geschlossen.")
    static let sayReady = LocalizedText(
        it: "Quando il lavoro è salvato: «pronto»",
        en: "When your work is saved: “ready”",
        fr: "Quand votre travail est enregistré : « prêt »",
        de: "Wenn Ihre Arbeit gespeichert ist: „bereit“")
    static let readySaid = LocalizedText(
        it: "Grazie: il server sa che è tutto pronto.",
        en: "Thank you: the server knows that you are ready.",
        fr: "Merci : le serveur sait que vous êtes prêt.",
        de: "Danke: Der Server weiß, dass Sie bereit sind.")
    static let sessionClosed = LocalizedText(
        it: "La sessione è stata chiusa.",
        en: "The session has been closed.",
        fr: "La session a été fermée.",
        de: "Die Sitzung wurde geschlossen.")
    static let serverAway = LocalizedText(
        it: "Il server non risponde ancora; si riprova…",
        en: "The server does not answer yet; trying again…",
        fr: "Le serveur ne répond pas encore ; nouvelle tentative…",
        de: "Der Server antwortet noch nicht; es wird erneut versucht…")
    static let serverBack = LocalizedText(
        it: "Il server è di nuovo in funzione[[, versione {version}]].",
        en: "The server is back[[, version {version}]].",
        fr: "Le serveur est de nouveau en marche[[, version {version}]].",
        de: "Der Server ist wieder da[[, Version {version}]].")
    static let clientUpdating = LocalizedText(
        it: "Aggiornamento del client alla versione {version}…",
        en: "Updating the client to version {version}…",
        fr: "Mise à jour du client vers la version {version}…",
        de: "Der Client wird auf Version {version} aktualisiert…")
    static let clientUpdated = LocalizedText(
        it: "Il client è aggiornato alla versione {version} e riparte.",
        en: "The client is now version {version} and starts again.",
        fr: "Le client est maintenant en version {version} et redémarre.",
        de: "Der Client hat jetzt Version {version} und startet neu.")
    static let unsaved = LocalizedText(
        it: "C'è del lavoro non salvato.",
        en: "There is work that has not been saved.",
        fr: "Du travail n'est pas enregistré.",
        de: "Es gibt nicht gespeicherte Arbeit.")
}
