// SPDX-License-Identifier: Apache-2.0

// What stands in the way of replacing the application's folder, and what is left of it afterwards.
extension FailureTexts {
    static let folderUnknown = FailureTexts(
        LocalizedText(
            it:
                "La cartella in {path} non è né la versione installata né quella nuova[[ ({reason})]]. È stata lasciata "
                + "com'è: nulla vi è stato toccato.",
            en: "The folder at {path} is neither the installed version nor the new one[[ ({reason})]]. It was left "
                + "alone: nothing in it was touched.",
            fr: "Le dossier {path} n'est ni la version installée ni la nouvelle[[ ({reason})]]. Il a été laissé tel "
                + "quel : rien n'y a été touché.",
            de: "Der Ordner {path} ist weder die installierte Version noch die neue[[ ({reason})]]. Er wurde in Ruhe "
                + "gelassen: Nichts darin wurde angerührt."),
        .nothingChanged,
        LocalizedText(
            it: "Rimettere in quel posto la cartella giusta, da un backup o da {path}_old se c'è. Se quella che c'è è "
                + "giusta, lasciarla: l'agente la avvia com'è, ma non la aggiorna.",
            en: "Put the right folder back at that place, from a backup or, if it is there, from {path}_old. If the "
                + "one that is there is right, leave it: the agent starts it as it is, but does not update it.",
            fr: "Remettez le bon dossier à cet endroit, depuis une sauvegarde ou depuis {path}_old s'il existe. Si "
                + "celui qui s'y trouve est le bon, laissez-le : l'agent le démarre tel quel, mais ne le met pas à jour.",
            de: "Stellen Sie den richtigen Ordner dorthin zurück, aus einer Sicherung oder, falls vorhanden, aus "
                + "{path}_old. Ist der vorhandene der richtige, lassen Sie ihn: Der Agent startet ihn, wie er ist, "
                + "aktualisiert ihn aber nicht."))

    static let folderCannotMove = FailureTexts(
        LocalizedText(
            it: "La cartella dell'applicazione {path} non si può rinominare[[ ({reason})]]: le versioni non potrebbero "
                + "scambiarsi di posto.",
            en: "The application's folder {path} cannot be renamed[[ ({reason})]]: the versions could not change "
                + "places.",
            fr: "Le dossier de l'application {path} ne peut pas être renommé[[ ({reason})]] : les versions ne "
                + "pourraient pas être permutées.",
            de: "Der Programmordner {path} kann nicht umbenannt werden[[ ({reason})]]: Die Versionen könnten nicht die "
                + "Plätze tauschen."),
        .untouched,
        LocalizedText(
            it: "Vedere che cosa la trattiene: il contrassegno di immutabilità («lsattr -d», si toglie con "
                + "«chattr -i»), un altro proprietario in una cartella con lo sticky bit, lo strato inferiore "
                + "dell'immagine di un container, o un punto di montaggio. Poi ordinare di nuovo l'aggiornamento.",
            en: "Find out what holds it: an immutable mark (“lsattr -d” shows it, “chattr -i” removes it), another "
                + "owner in a folder with the sticky bit, the lower layer of a container's image, or a mount. Then "
                + "order the update again.",
            fr: "Cherchez ce qui le retient : une marque d'immuabilité (« lsattr -d » la montre, « chattr -i » "
                + "l'enlève), un autre propriétaire dans un dossier à sticky bit, la couche inférieure de l'image d'un "
                + "conteneur, ou un point de montage. Puis relancez la mise à jour.",
            de: "Stellen Sie fest, was ihn festhält: eine Unveränderlich-Markierung („lsattr -d“ zeigt sie, "
                + "„chattr -i“ entfernt sie), ein anderer Besitzer in einem Ordner mit Sticky-Bit, die untere Schicht "
                + "eines Container-Abbilds oder eine Einhängung. Bestellen Sie dann die Aktualisierung erneut."),
        byCause: [
            "immutable": LocalizedText(
                it: "Togliere il contrassegno di immutabilità con «chattr -i '{path}'» («lsattr -d» lo mostra; può "
                    + "averlo anche la cartella superiore), poi ordinare di nuovo l'aggiornamento.",
                en: "Remove the immutable mark with “chattr -i '{path}'” (“lsattr -d” shows it; the folder above may "
                    + "have it too), then order the update again.",
                fr: "Enlevez la marque d'immuabilité avec « chattr -i '{path}' » (« lsattr -d » la montre ; le dossier "
                    + "parent peut l'avoir aussi), puis relancez la mise à jour.",
                de: "Entfernen Sie die Unveränderlich-Markierung mit „chattr -i '{path}'“ („lsattr -d“ zeigt sie; auch "
                    + "der übergeordnete Ordner kann sie haben) und bestellen Sie dann die Aktualisierung erneut."),
            "owner": LocalizedText(
                it: "La cartella è di un altro utente e quella che la contiene ha lo sticky bit: darla all'utente "
                    + "dell'agente («chown»), togliere lo sticky bit («chmod -t» sulla cartella superiore) o eseguire "
                    + "l'agente come root. Poi ordinare di nuovo l'aggiornamento.",
                en: "The folder belongs to another user, and the one that contains it has the sticky bit: give it to "
                    + "the agent's user (“chown”), remove the sticky bit (“chmod -t” on the folder above), or run the "
                    + "agent as root. Then order the update again.",
                fr: "Le dossier appartient à un autre utilisateur et celui qui le contient a le sticky bit : donnez-le "
                    + "à l'utilisateur de l'agent (« chown »), enlevez le sticky bit (« chmod -t » sur le dossier "
                    + "parent) ou exécutez l'agent en tant que root. Puis relancez la mise à jour.",
                de:
                    "Der Ordner gehört einem anderen Benutzer, und der übergeordnete hat das Sticky-Bit: Übereignen Sie "
                    + "ihn dem Benutzer des Agenten („chown“), entfernen Sie das Sticky-Bit („chmod -t“ auf dem "
                    + "übergeordneten Ordner) oder lassen Sie den Agenten als root laufen. Bestellen Sie dann die "
                    + "Aktualisierung erneut."),
            "layer": LocalizedText(
                it: "La cartella viene dallo strato inferiore dell'immagine di un container. Fermare l'agente, "
                    + "sostituirla una volta con una sua copia: «cp -a '{path}' '{path}.new' && rm -r '{path}' && mv "
                    + "'{path}.new' '{path}'», e riavviarlo; oppure tenere l'applicazione su un volume.",
                en: "The folder comes from the lower layer of a container's image. Stop the agent, put a copy in its "
                    + "place once: “cp -a '{path}' '{path}.new' && rm -r '{path}' && mv '{path}.new' '{path}'”, and "
                    + "start it again; or keep the application on a volume.",
                fr: "Le dossier vient de la couche inférieure de l'image d'un conteneur. Arrêtez l'agent, remplacez-le "
                    + "une fois par une copie : « cp -a '{path}' '{path}.new' && rm -r '{path}' && mv '{path}.new' "
                    + "'{path}' », puis redémarrez-le ; ou gardez l'application sur un volume.",
                de: "Der Ordner stammt aus der unteren Schicht eines Container-Abbilds. Halten Sie den Agenten an, "
                    + "ersetzen Sie den Ordner einmal durch eine Kopie: „cp -a '{path}' '{path}.new' && rm -r '{path}' "
                    + "&& mv '{path}.new' '{path}'“, und starten Sie den Agenten wieder; oder legen Sie die Anwendung "
                    + "auf ein Volume."),
            "mounted": LocalizedText(
                it: "La cartella è un punto di montaggio o è in uso come tale: montare un livello più in alto, in modo "
                    + "che la cartella dell'applicazione sia una sottocartella, poi ordinare di nuovo l'aggiornamento.",
                en: "The folder is a mount point or is in use as one: mount one level higher, so that the "
                    + "application's folder is a subfolder, then order the update again.",
                fr: "Le dossier est un point de montage ou sert à un montage : montez un niveau plus haut, pour que le "
                    + "dossier de l'application soit un sous-dossier, puis relancez la mise à jour.",
                de: "Der Ordner ist ein Einhängepunkt oder wird als solcher benutzt: Hängen Sie eine Ebene höher ein, "
                    + "damit der Programmordner ein Unterordner ist, und bestellen Sie dann die Aktualisierung erneut."
            ),
        ])

    static let linkInTheWay = FailureTexts(
        LocalizedText(
            it:
                "Il collegamento simbolico {path}, sulla via di file da mantenere, nasconde file della nuova versione o "
                + "non porta da nessuna parte[[ ({reason})]].",
            en: "The symbolic link {path} on the way to kept files hides files of the new version, or leads nowhere"
                + "[[ ({reason})]].",
            fr: "Le lien symbolique {path}, sur le chemin de fichiers à conserver, cache des fichiers de la nouvelle "
                + "version ou ne mène nulle part[[ ({reason})]].",
            de: "Der symbolische Link {path} auf dem Weg zu übernommenen Dateien verdeckt Dateien der neuen Version "
                + "oder führt ins Leere[[ ({reason})]]."),
        .untouched,
        LocalizedText(
            it:
                "Correggere la destinazione del collegamento, o sostituirlo con una cartella; oppure cambiare la regola "
                + "in «keep», perché vi passi solo ciò che è del cliente. Poi ordinare di nuovo l'aggiornamento.",
            en:
                "Correct where the link leads, or put a folder in its place; or change the rule in “keep”, so that only "
                + "what is yours lies behind the link. Then order the update again.",
            fr: "Corrigez la destination du lien, ou remplacez-le par un dossier ; ou changez la règle dans « keep », "
                + "pour qu'il n'y ait derrière le lien que ce qui est à vous. Puis relancez la mise à jour.",
            de:
                "Berichtigen Sie das Ziel des Links oder ersetzen Sie ihn durch einen Ordner; oder ändern Sie die Regel "
                + "in „keep“, sodass hinter dem Link nur liegt, was Ihnen gehört. Bestellen Sie dann die "
                + "Aktualisierung erneut."))

    static let notEnoughFiles = FailureTexts(
        LocalizedText(
            it: "Sarebbero troppi file per il file system di {path}: gli inode non bastano[[ per {needed}]]"
                + "[[, c'è posto solo per {free}]].",
            en: "There would be too many files for the file system of {path}: its inodes do not suffice"
                + "[[ for {needed}]][[, there is room for {free}]].",
            fr: "Il y aurait trop de fichiers pour le système de fichiers de {path} : les inodes ne suffisent pas"
                + "[[ pour {needed}]][[, il reste de la place pour {free}]].",
            de: "Es wären zu viele Dateien für das Dateisystem von {path}: Die Inodes reichen nicht[[ für {needed}]]"
                + "[[, es ist Platz für {free}]]."),
        .untouched,
        LocalizedText(
            it: "Eliminare o spostare altrove file piccoli di questo disco («df -i» mostra quanti inode sono liberi), "
                + "o ricreare il file system con più inode; poi ordinare di nuovo l'aggiornamento.",
            en: "Delete small files of this disk or move them elsewhere (“df -i” shows how many inodes are free), or "
                + "make the file system anew with more inodes; then order the update again.",
            fr: "Supprimez de petits fichiers de ce disque ou déplacez-les (« df -i » montre les inodes libres), ou "
                + "recréez le système de fichiers avec plus d'inodes ; puis relancez la mise à jour.",
            de: "Löschen oder verschieben Sie kleine Dateien dieses Datenträgers („df -i“ zeigt die freien Inodes), "
                + "oder legen Sie das Dateisystem mit mehr Inodes neu an; bestellen Sie dann die Aktualisierung "
                + "erneut."))

    static let leftBehind = FailureTexts(
        LocalizedText(
            it: "Non è stato possibile eliminare {path}[[ ({reason})]]: occupa ancora spazio. L'agente riprova.",
            en: "{path} could not be cleaned up[[ ({reason})]]: it still takes space. The agent tries again.",
            fr: "{path} n'a pas pu être supprimé[[ ({reason})]] : la place reste occupée. L'agent réessaie.",
            de: "{path} konnte nicht aufgeräumt werden[[ ({reason})]] und belegt noch Platz. Der Agent versucht es "
                + "erneut."),
        .unaffected,
        LocalizedText(
            it: "Se rimane, togliere ciò che lo trattiene (contrassegno di immutabilità, altro proprietario, qualcosa "
                + "montato al suo interno): l'agente lo elimina poi da solo. Gli aggiornamenti non ne sono impediti.",
            en: "If it stays, remove what holds it (an immutable mark, another owner, something mounted in it): the "
                + "agent then deletes it by itself. Updates are not held up by it.",
            fr: "S'il reste, enlevez ce qui le retient (marque d'immuabilité, autre propriétaire, montage à "
                + "l'intérieur) : l'agent le supprime ensuite de lui-même. Les mises à jour n'en sont pas empêchées.",
            de: "Bleibt es, entfernen Sie, was es festhält (Unveränderlich-Markierung, anderer Besitzer, etwas darin "
                + "Eingehängtes): Der Agent löscht es dann von selbst. Aktualisierungen hält es nicht auf."))

    static let truthNotWritten = FailureTexts(
        LocalizedText(
            it: "La nuova versione è in funzione, ma non si può ancora scrivere in {path} che è installata"
                + "[[ ({reason})]]. L'agente riprova finché ci riesce.",
            en: "The new version runs, but that it is installed cannot be written to {path} yet[[ ({reason})]]. The "
                + "agent tries until it can.",
            fr: "La nouvelle version est en marche, mais son installation ne peut pas encore être inscrite dans {path}"
                + "[[ ({reason})]]. L'agent réessaie jusqu'à y parvenir.",
            de: "Die neue Version läuft, aber dass sie installiert ist, kann noch nicht in {path} geschrieben werden"
                + "[[ ({reason})]]. Der Agent versucht es, bis es gelingt."),
        .updated,
        LocalizedText(
            it:
                "Liberare spazio su quel disco, o renderlo di nuovo scrivibile: l'aggiornamento si conclude poi da solo.",
            en: "Free some space on that disk, or make it writable again: the update then ends by itself.",
            fr: "Libérez de l'espace sur ce disque, ou rendez-le de nouveau inscriptible : la mise à jour se termine "
                + "ensuite d'elle-même.",
            de: "Schaffen Sie Platz auf diesem Datenträger oder machen Sie ihn wieder beschreibbar: Die Aktualisierung "
                + "endet dann von selbst."))
}
