// SPDX-License-Identifier: Apache-2.0

// What can be wrong with the vendor's repository or with a release.
extension FailureTexts {
    static let vendorUnreachable = FailureTexts(
        LocalizedText(
            it: "Il deposito del produttore[[ {url}]] non risponde, o si è interrotto durante lo scaricamento"
                + "[[ ({reason})]].",
            en: "The vendor's repository[[ {url}]] does not answer, or broke off during the download[[ ({reason})]].",
            fr: "Le dépôt de l'éditeur[[ {url}]] ne répond pas, ou s'est interrompu pendant le téléchargement"
                + "[[ ({reason})]].",
            de: "Das Repository des Herstellers[[ {url}]] antwortet nicht oder brach während des Herunterladens ab"
                + "[[ ({reason})]]."),
        .untouched,
        LocalizedText(
            it: "Controllare la connessione a Internet, il proxy e l'indirizzo, poi ordinare di nuovo "
                + "l'aggiornamento: lo scaricamento riprende da dove era arrivato.",
            en: "Check the internet connection, the proxy and the address, then order the update again: the download "
                + "goes on where it stopped.",
            fr: "Vérifiez la connexion à Internet, le proxy et l'adresse, puis relancez la mise à jour : le "
                + "téléchargement reprendra là où il s'était arrêté.",
            de: "Prüfen Sie Internetverbindung, Proxy und Adresse und starten Sie die Aktualisierung dann erneut: Der "
                + "Download wird an derselben Stelle fortgesetzt."))

    static let rootUnusable = FailureTexts(
        LocalizedText(
            it: "La radice di fiducia {path} non è utilizzabile[[: {reason}]].",
            en: "The trusted root {path} cannot be used[[: {reason}]].",
            fr: "La racine de confiance {path} n'est pas utilisable[[ : {reason}]].",
            de: "Die Vertrauenswurzel {path} ist nicht verwendbar[[: {reason}]]."),
        .nothingChanged,
        LocalizedText(
            it: "Farsi dare dal produttore, per una via sicura, il file «root.json» e indicarlo al suo posto.",
            en: "Get the vendor's “root.json” by a way you trust and put it in its place.",
            fr: "Procurez-vous le fichier « root.json » de l'éditeur par une voie sûre et mettez-le à sa place.",
            de: "Beschaffen Sie die Datei „root.json“ des Herstellers auf sicherem Weg und legen Sie sie dort ab."))

    static let metadataExpired = FailureTexts(
        LocalizedText(
            it: "I metadati «{role}» del produttore sono scaduti[[ il {date}]].",
            en: "The vendor's “{role}” metadata has expired[[ on {date}]].",
            fr: "Les métadonnées « {role} » de l'éditeur ont expiré[[ le {date}]].",
            de: "Die Metadaten „{role}“ des Herstellers sind[[ am {date}]] abgelaufen."),
        .untouched,
        LocalizedText(
            it: "Verificare la data e l'ora di questa macchina. Se sono giuste, chiedere al produttore di rinnovare "
                + "il deposito.",
            en: "Check this machine's date and time. If they are right, ask the vendor to renew the repository.",
            fr: "Vérifiez la date et l'heure de cette machine. Si elles sont justes, demandez à l'éditeur de "
                + "renouveler son dépôt.",
            de: "Prüfen Sie Datum und Uhrzeit dieses Rechners. Stimmen sie, bitten Sie den Hersteller, sein Repository "
                + "zu erneuern."))

    static let metadataUntrusted = FailureTexts(
        LocalizedText(
            it: "I metadati «{role}» non sono firmati da chi è riconosciuto dalla radice di fiducia[[ ({reason})]].",
            en: "The “{role}” metadata is not signed by those whom the trusted root names[[ ({reason})]].",
            fr: "Les métadonnées « {role} » ne sont pas signées par les clés que reconnaît la racine de confiance"
                + "[[ ({reason})]].",
            de: "Die Metadaten „{role}“ sind nicht von denen signiert, die die Vertrauenswurzel nennt[[ ({reason})]]."),
        .untouched,
        LocalizedText(
            it: "Verificare che indirizzo e radice appartengano allo stesso produttore. Se è così, non proseguire e "
                + "avvertire il produttore: qualcuno potrebbe aver alterato il deposito.",
            en: "Check that the address and the root belong to the same vendor. If they do, go no further and tell the "
                + "vendor: somebody may have tampered with the repository.",
            fr: "Vérifiez que l'adresse et la racine appartiennent au même éditeur. Si c'est le cas, n'allez pas plus "
                + "loin et prévenez l'éditeur : le dépôt a peut-être été altéré.",
            de: "Prüfen Sie, ob Adresse und Wurzel zum selben Hersteller gehören. Wenn ja, fahren Sie nicht fort und "
                + "verständigen Sie den Hersteller: Das Repository wurde vielleicht manipuliert."))

    static let metadataRolledBack = FailureTexts(
        LocalizedText(
            it: "Il deposito presenta metadati «{role}» più vecchi di quelli già visti[[ ({reason})]].",
            en: "The repository shows “{role}” metadata that is older than what was seen before[[ ({reason})]].",
            fr: "Le dépôt présente des métadonnées « {role} » plus anciennes que celles déjà vues[[ ({reason})]].",
            de: "Das Repository zeigt Metadaten „{role}“, die älter sind als die bereits gesehenen[[ ({reason})]]."),
        .untouched,
        LocalizedText(
            it: "Riprovare più tardi: una copia può essere in ritardo. Se succede ancora, avvertire il produttore.",
            en: "Try again later: a mirror may be behind. If it happens again, tell the vendor.",
            fr: "Réessayez plus tard : un miroir peut être en retard. Si cela se reproduit, prévenez l'éditeur.",
            de: "Versuchen Sie es später erneut: Ein Spiegelserver kann im Rückstand sein. Geschieht es wieder, "
                + "verständigen Sie den Hersteller."))

    static let metadataMalformed = FailureTexts(
        LocalizedText(
            it: "I metadati «{role}» del deposito non sono leggibili[[: {reason}]].",
            en: "The repository's “{role}” metadata cannot be read[[: {reason}]].",
            fr: "Les métadonnées « {role} » du dépôt sont illisibles[[ : {reason}]].",
            de: "Die Metadaten „{role}“ des Repositorys sind nicht lesbar[[: {reason}]]."),
        .untouched,
        LocalizedText(
            it: "Verificare l'indirizzo del deposito e che nessun proxy ne sostituisca le pagine; poi avvertire il "
                + "produttore.",
            en: "Check the repository's address, and that no proxy replaces its pages; then tell the vendor.",
            fr: "Vérifiez l'adresse du dépôt et qu'aucun proxy n'en remplace les pages, puis prévenez l'éditeur.",
            de: "Prüfen Sie die Adresse des Repositorys und ob ein Proxy dessen Seiten ersetzt; verständigen Sie dann "
                + "den Hersteller."))

    static let packTampered = FailureTexts(
        LocalizedText(
            it: "Il contenuto scaricato[[ della versione {version}]] non è quello firmato dal produttore"
                + "[[ ({reason})]].",
            en: "The content that was downloaded[[ for version {version}]] is not what the vendor signed"
                + "[[ ({reason})]].",
            fr: "Le contenu téléchargé[[ de la version {version}]] n'est pas celui que l'éditeur a signé"
                + "[[ ({reason})]].",
            de: "Der heruntergeladene Inhalt[[ der Version {version}]] ist nicht der vom Hersteller signierte"
                + "[[ ({reason})]]."),
        .untouched,
        LocalizedText(
            it: "Ordinare di nuovo l'aggiornamento: ciò che era alterato è stato eliminato e sarà riscaricato. Se "
                + "succede ancora, avvertire il produttore.",
            en: "Order the update again: what was altered has been discarded and will be fetched anew. If it happens "
                + "again, tell the vendor.",
            fr: "Relancez la mise à jour : ce qui était altéré a été supprimé et sera téléchargé de nouveau. Si cela "
                + "se reproduit, prévenez l'éditeur.",
            de: "Starten Sie die Aktualisierung erneut: Das Veränderte wurde verworfen und wird neu geladen. Geschieht "
                + "es wieder, verständigen Sie den Hersteller."))

    static let releaseUnsafe = FailureTexts(
        LocalizedText(
            it: "La versione[[ {version}]] contiene qualcosa che non può essere installato senza pericolo"
                + "[[: {reason}]].",
            en: "The release[[ {version}]] contains something that cannot be installed safely[[: {reason}]].",
            fr: "La version[[ {version}]] contient un élément qui ne peut être installé sans danger[[ : {reason}]].",
            de: "Die Version[[ {version}]] enthält etwas, das nicht gefahrlos installiert werden kann[[: {reason}]]."),
        .untouched,
        LocalizedText(
            it: "Non installarla e avvertire il produttore.", en: "Do not install it, and tell the vendor.",
            fr: "Ne l'installez pas et prévenez l'éditeur.",
            de: "Installieren Sie sie nicht und verständigen Sie den Hersteller."))

    static let productUnknown = FailureTexts(
        LocalizedText(
            it: "Il deposito non contiene il prodotto «{product}».",
            en: "The repository has no product “{product}”.",
            fr: "Le dépôt ne contient pas le produit « {product} ».",
            de: "Das Repository enthält kein Produkt „{product}“."),
        .nothingChanged,
        LocalizedText(
            it: "Controllare come è scritto il nome del prodotto.", en: "Check the spelling of the product's name.",
            fr: "Vérifiez l'orthographe du nom du produit.", de: "Prüfen Sie die Schreibweise des Produktnamens."))

    static let channelUnknown = FailureTexts(
        LocalizedText(
            it: "Il prodotto «{product}» non ha un canale «{channel}».",
            en: "The product “{product}” has no channel “{channel}”.",
            fr: "Le produit « {product} » n'a pas de canal « {channel} ».",
            de: "Das Produkt „{product}“ hat keinen Kanal „{channel}“."),
        .nothingChanged,
        LocalizedText(
            it: "Controllare il nome del canale; quello consueto è «stable».",
            en: "Check the channel's name; the usual one is “stable”.",
            fr: "Vérifiez le nom du canal ; le canal habituel est « stable ».",
            de: "Prüfen Sie den Namen des Kanals; üblich ist „stable“."))

    static let releaseUnknown = FailureTexts(
        LocalizedText(
            it: "La versione {version} non esiste[[ nel canale «{channel}»]].",
            en: "There is no version {version}[[ in the channel “{channel}”]].",
            fr: "La version {version} n'existe pas[[ dans le canal « {channel} »]].",
            de: "Die Version {version} gibt es[[ im Kanal „{channel}“]] nicht."),
        .untouched,
        LocalizedText(
            it: "«ricambio releases» elenca le versioni disponibili.",
            en: "“ricambio releases” lists the versions that are available.",
            fr: "« ricambio releases » affiche les versions disponibles.",
            de: "„ricambio releases“ zeigt die verfügbaren Versionen."))

    static let releaseRecalled = FailureTexts(
        LocalizedText(
            it: "Il produttore ha ritirato la versione {version}.", en: "The vendor has recalled version {version}.",
            fr: "L'éditeur a retiré la version {version}.",
            de: "Der Hersteller hat die Version {version} zurückgerufen."),
        .untouched,
        LocalizedText(
            it: "Scegliere un'altra versione: «ricambio releases» le elenca.",
            en: "Choose another version: “ricambio releases” lists them.",
            fr: "Choisissez une autre version : « ricambio releases » les affiche.",
            de: "Wählen Sie eine andere Version: „ricambio releases“ zeigt sie."))

    static let partMissing = FailureTexts(
        LocalizedText(
            it: "La versione {version} non ha la parte «{component}» per {platform}.",
            en: "Version {version} has no part “{component}” for {platform}.",
            fr: "La version {version} n'a pas de partie « {component} » pour {platform}.",
            de: "Die Version {version} hat keinen Teil „{component}“ für {platform}."),
        .untouched,
        LocalizedText(
            it: "Chiedere al produttore quale versione sostiene questo sistema.",
            en: "Ask the vendor which version supports this system.",
            fr: "Demandez à l'éditeur quelle version prend en charge ce système.",
            de: "Fragen Sie den Hersteller, welche Version dieses System unterstützt."))

    static let versionTooOld = FailureTexts(
        LocalizedText(
            it: "La versione {version} si installa solo a partire dalla {required}.",
            en: "Version {version} can only be installed over {required} or later.",
            fr: "La version {version} ne s'installe qu'à partir de la version {required}.",
            de: "Die Version {version} lässt sich nur ab Version {required} installieren."),
        .untouched,
        LocalizedText(
            it: "Installare prima la versione {required}: ricambio update --version {required}",
            en: "Install version {required} first: ricambio update --version {required}",
            fr: "Installez d'abord la version {required} : ricambio update --version {required}",
            de: "Installieren Sie zuerst die Version {required}: ricambio update --version {required}"))

    static let agentTooOld = FailureTexts(
        LocalizedText(
            it: "La versione {version} richiede l'agente nella versione {required} o successiva.",
            en: "Version {version} needs an agent of version {required} or later.",
            fr: "La version {version} exige un agent en version {required} ou ultérieure.",
            de: "Die Version {version} benötigt einen Agenten ab Version {required}."),
        .untouched,
        LocalizedText(
            it: "Aggiornare prima l'agente.", en: "Update the agent first.", fr: "Mettez d'abord l'agent à jour.",
            de: "Aktualisieren Sie zuerst den Agenten."))
}
