// SPDX-License-Identifier: Apache-2.0

// What can be wrong with the machine and its folders.
extension FailureTexts {
    static let folderNotWritable = FailureTexts(
        LocalizedText(
            it: "L'agente non può scrivere nella cartella {path}[[ ({reason})]].",
            en: "The agent cannot write in the folder {path}[[ ({reason})]].",
            fr: "L'agent ne peut pas écrire dans le dossier {path}[[ ({reason})]].",
            de: "Der Agent kann im Ordner {path} nicht schreiben[[ ({reason})]]."),
        .untouched,
        LocalizedText(
            it: "Dare all'utente dell'agente il diritto di scrivere in questa cartella e in quella che la contiene.",
            en: "Give the agent's user the right to write in this folder and in the one that contains it.",
            fr: "Donnez à l'utilisateur de l'agent le droit d'écrire dans ce dossier et dans celui qui le contient.",
            de: "Geben Sie dem Benutzer des Agenten Schreibrecht für diesen Ordner und für den übergeordneten."))

    static let folderMissing = FailureTexts(
        LocalizedText(
            it: "La cartella {path} non esiste.", en: "The folder {path} does not exist.",
            fr: "Le dossier {path} n'existe pas.", de: "Der Ordner {path} ist nicht vorhanden."),
        .nothingChanged,
        LocalizedText(
            it: "Controllare il percorso, oppure installare prima il prodotto con «ricambio install».",
            en: "Check the path, or install the product first with “ricambio install”.",
            fr: "Vérifiez le chemin, ou installez d'abord le produit avec « ricambio install ».",
            de: "Prüfen Sie den Pfad oder installieren Sie das Produkt zuerst mit „ricambio install“."))

    static let folderInTheWay = FailureTexts(
        LocalizedText(
            it: "La cartella {path} esiste già e non è di un aggiornamento: prenderebbe il posto della versione "
                + "precedente.",
            en: "The folder {path} exists and no update made it: the previous version is to be put there.",
            fr: "Le dossier {path} existe déjà et ne vient pas d'une mise à jour : l'ancienne version doit y aller.",
            de: "Der Ordner {path} existiert und stammt von keiner Aktualisierung: Dorthin soll die alte Version."),
        .untouched,
        LocalizedText(
            it: "Spostare o rinominare {path}, poi ordinare di nuovo l'aggiornamento.",
            en: "Move or rename {path}, then order the update again.",
            fr: "Déplacez ou renommez {path}, puis commandez de nouveau la mise à jour.",
            de: "Verschieben Sie {path} oder benennen Sie ihn um, und bestellen Sie die Aktualisierung erneut."))

    static let folderNotEmpty = FailureTexts(
        LocalizedText(
            it: "La cartella {path} non è vuota.", en: "The folder {path} is not empty.",
            fr: "Le dossier {path} n'est pas vide.", de: "Der Ordner {path} ist nicht leer."),
        .nothingInstalled,
        LocalizedText(
            it: "Indicare una cartella vuota o che ancora non esiste.",
            en: "Name a folder that is empty or does not exist yet.",
            fr: "Indiquez un dossier vide ou qui n'existe pas encore.",
            de: "Geben Sie einen Ordner an, der leer ist oder noch nicht besteht."))

    static let notInstalled = FailureTexts(
        LocalizedText(
            it: "In {path} non c'è un'installazione fatta con Ricambio.",
            en: "There is no installation made by Ricambio in {path}.",
            fr: "Il n'y a pas d'installation faite avec Ricambio dans {path}.",
            de: "In {path} befindet sich keine mit Ricambio erstellte Installation."),
        .nothingChanged,
        LocalizedText(
            it: "Installare il prodotto con «ricambio install».", en: "Install the product with “ricambio install”.",
            fr: "Installez le produit avec « ricambio install ».",
            de: "Installieren Sie das Produkt mit „ricambio install“."))

    static let notEnoughSpace = FailureTexts(
        LocalizedText(
            it: "Lo spazio su disco non basta per {path}[[: servono {needed}]][[, sono liberi {free}]].",
            en: "There is not enough disk space for {path}[[: {needed} are needed]][[, {free} are free]].",
            fr: "L'espace disque ne suffit pas pour {path}[[ : il faut {needed}]][[, il reste {free}]].",
            de: "Der Speicherplatz für {path} reicht nicht aus[[: {needed} werden benötigt]][[, {free} sind frei]]."),
        .untouched,
        LocalizedText(
            it: "Liberare spazio su questo disco e ordinare di nuovo l'aggiornamento.",
            en: "Free some space on this disk and order the update again.",
            fr: "Libérez de l'espace sur ce disque et relancez la mise à jour.",
            de: "Schaffen Sie Platz auf diesem Datenträger und starten Sie die Aktualisierung erneut."))

    static let notSameFileSystem = FailureTexts(
        LocalizedText(
            it: "{path} e {other} non sono sullo stesso file system, o uno è montato dentro l'altro: le versioni non "
                + "possono scambiarsi di posto in un solo passo.",
            en: "{path} and {other} are not on the same file system, or one is mounted inside the other: the versions "
                + "cannot change places in one step.",
            fr: "{path} et {other} ne sont pas sur le même système de fichiers, ou l'un est monté dans l'autre : les "
                + "versions ne peuvent pas être permutées en une seule opération.",
            de: "{path} und {other} liegen nicht auf demselben Dateisystem, oder eines ist im anderen eingehängt: Die "
                + "Versionen können nicht in einem Schritt die Plätze tauschen."),
        .untouched,
        LocalizedText(
            it: "Spostare l'installazione in una sottocartella del disco, perché non sia essa stessa un punto di "
                + "montaggio; montare fuori dalla cartella dell'applicazione ciò che vi è montato dentro.",
            en: "Move the installation into a subfolder of that disk, so that it is not a mount point itself; mount "
                + "what is mounted inside the application's folder outside of it.",
            fr: "Déplacez l'installation dans un sous-dossier de ce disque, pour qu'elle ne soit pas elle-même un "
                + "point de montage ; montez hors du dossier de l'application ce qui est monté dedans.",
            de: "Verschieben Sie die Installation in einen Unterordner des Datenträgers, damit sie nicht selbst ein "
                + "Einhängepunkt ist; hängen Sie außerhalb des Programmordners ein, was darin eingehängt ist."))

    static let fileFailed = FailureTexts(
        LocalizedText(
            it: "Il file o la cartella {path} non si può leggere o scrivere[[ ({reason})]].",
            en: "The file or folder {path} cannot be read or written[[ ({reason})]].",
            fr: "Le fichier ou dossier {path} ne peut pas être lu ou écrit[[ ({reason})]].",
            de: "Die Datei oder der Ordner {path} kann nicht gelesen oder geschrieben werden[[ ({reason})]]."),
        .untouched,
        LocalizedText(
            it: "Controllare i diritti del file e lo stato del disco, poi ordinare di nuovo l'aggiornamento.",
            en: "Check the file's rights and the health of the disk, then order the update again.",
            fr: "Vérifiez les droits du fichier et l'état du disque, puis relancez la mise à jour.",
            de: "Prüfen Sie die Rechte der Datei und den Zustand des Datenträgers und starten Sie die Aktualisierung "
                + "dann erneut."))

    static let locked = FailureTexts(
        LocalizedText(
            it: "Un altro programma sta già lavorando su {path}.",
            en: "Another program is already working on {path}.",
            fr: "Un autre programme travaille déjà sur {path}.",
            de: "Ein anderes Programm arbeitet bereits an {path}."),
        .nothingChanged,
        LocalizedText(
            it: "Attendere che finisca. Il blocco cade da solo quando quel programma termina: non c'è nulla da "
                + "cancellare a mano.",
            en: "Wait for it to finish. The lock is released when that program ends: there is nothing to delete by "
                + "hand.",
            fr: "Attendez qu'il ait fini. Le verrou disparaît à la fin de ce programme : il n'y a rien à supprimer à "
                + "la main.",
            de: "Warten Sie, bis es fertig ist. Die Sperre endet mit diesem Programm: Es ist nichts von Hand zu "
                + "löschen."))

    static let clockWrong = FailureTexts(
        LocalizedText(
            it: "L'orologio di questa macchina non sembra giusto[[ ({reason})]].",
            en: "This machine's clock does not seem to be right[[ ({reason})]].",
            fr: "L'horloge de cette machine ne semble pas à l'heure[[ ({reason})]].",
            de: "Die Uhr dieses Rechners scheint falsch zu gehen[[ ({reason})]]."),
        .untouched,
        LocalizedText(
            it: "Regolare la data e l'ora, meglio se con NTP.", en: "Set the date and time, preferably by NTP.",
            fr: "Réglez la date et l'heure, de préférence par NTP.",
            de: "Stellen Sie Datum und Uhrzeit ein, am besten über NTP."))
}
