// SPDX-License-Identifier: Apache-2.0

// Why the agent refuses a request, and why it cannot be asked.
extension FailureTexts {
    static let requestInvalid = FailureTexts(
        LocalizedText(
            it: "La richiesta non è valida[[: {reason}]].", en: "The request is not valid[[: {reason}]].",
            fr: "La requête n'est pas valable[[ : {reason}]].", de: "Die Anfrage ist ungültig[[: {reason}]]."),
        .nothingChanged,
        LocalizedText(
            it: "«openapi.yaml» descrive ogni richiesta.", en: "“openapi.yaml” describes every request.",
            fr: "« openapi.yaml » décrit chaque requête.", de: "„openapi.yaml“ beschreibt jede Anfrage."))

    static let requestTooLarge = FailureTexts(
        LocalizedText(
            it: "La richiesta è troppo grande[[: il limite è {limit}]].",
            en: "The request is too large[[: the limit is {limit}]].",
            fr: "La requête est trop grande[[ : la limite est de {limit}]].",
            de: "Die Anfrage ist zu groß[[: die Grenze liegt bei {limit}]]."),
        .nothingChanged,
        LocalizedText(
            it: "Inviare una richiesta più piccola.", en: "Send a smaller request.",
            fr: "Envoyez une requête plus petite.", de: "Senden Sie eine kleinere Anfrage."))

    static let notFound = FailureTexts(
        LocalizedText(
            it: "Qui non c'è nulla[[: {path}]].", en: "There is nothing here[[: {path}]].",
            fr: "Il n'y a rien ici[[ : {path}]].", de: "Hier ist nichts[[: {path}]]."),
        .nothingChanged,
        LocalizedText(
            it: "Controllare l'indirizzo.", en: "Check the address.", fr: "Vérifiez l'adresse.",
            de: "Prüfen Sie die Adresse."))

    static let installationUnknown = FailureTexts(
        LocalizedText(
            it: "Questo agente non ha un'installazione «{id}».", en: "This agent has no installation “{id}”.",
            fr: "Cet agent n'a pas d'installation « {id} ».", de: "Dieser Agent hat keine Installation „{id}“."),
        .nothingChanged,
        LocalizedText(
            it: "«ricambio status» elenca le installazioni.", en: "“ricambio status” lists the installations.",
            fr: "« ricambio status » affiche les installations.", de: "„ricambio status“ zeigt die Installationen."))

    static let runUnknown = FailureTexts(
        LocalizedText(
            it: "Non c'è un aggiornamento «{id}».", en: "There is no update run “{id}”.",
            fr: "Il n'y a pas de mise à jour « {id} ».", de: "Es gibt keine Aktualisierung „{id}“."),
        .nothingChanged,
        LocalizedText(
            it: "«ricambio history» elenca gli aggiornamenti.", en: "“ricambio history” lists the update runs.",
            fr: "« ricambio history » affiche les mises à jour.", de: "„ricambio history“ zeigt die Aktualisierungen."))

    static let graceOutOfRange = FailureTexts(
        LocalizedText(
            it: "Il preavviso deve essere tra 0 e 60 minuti.", en: "The grace time must be between 0 and 60 minutes.",
            fr: "Le préavis doit être compris entre 0 et 60 minutes.",
            de: "Die Vorwarnzeit muss zwischen 0 und 60 Minuten liegen."),
        .nothingChanged,
        LocalizedText(
            it: "Indicare da 0 a 3600 secondi; si consigliano uno o due minuti.",
            en: "Give 0 to 3600 seconds; one or two minutes are a good choice.",
            fr: "Indiquez de 0 à 3600 secondes ; une ou deux minutes conviennent.",
            de: "Geben Sie 0 bis 3600 Sekunden an; ein bis zwei Minuten sind eine gute Wahl."))

    static let addressInvalid = FailureTexts(
        LocalizedText(
            it: "«{address}» non è un indirizzo di posta.", en: "“{address}” is not a mail address.",
            fr: "« {address} » n'est pas une adresse e-mail.", de: "„{address}“ ist keine E-Mail-Adresse."),
        .nothingChanged,
        LocalizedText(
            it: "Scriverlo nella forma nome@dominio.", en: "Write it in the form name@domain.",
            fr: "Écrivez-la sous la forme nom@domaine.", de: "Schreiben Sie sie in der Form name@domain."))

    static let timeInThePast = FailureTexts(
        LocalizedText(
            it: "L'ora indicata è già passata.", en: "The time given is in the past.",
            fr: "L'heure indiquée est déjà passée.", de: "Der angegebene Zeitpunkt liegt in der Vergangenheit."),
        .nothingChanged,
        LocalizedText(
            it: "Indicare un'ora futura, oppure nessuna per aggiornare subito.",
            en: "Give a time in the future, or none to update now.",
            fr: "Indiquez une heure future, ou aucune pour mettre à jour maintenant.",
            de: "Geben Sie einen künftigen Zeitpunkt an oder keinen, um sofort zu aktualisieren."))

    static let notLoggedIn = FailureTexts(
        LocalizedText(
            it: "Per questa operazione occorre accedere.", en: "This needs a login.",
            fr: "Cette opération exige une connexion.", de: "Dafür ist eine Anmeldung nötig."),
        .nothingChanged,
        LocalizedText(
            it: "Accedere con «ricambio login».", en: "Log in with “ricambio login”.",
            fr: "Connectez-vous avec « ricambio login ».", de: "Melden Sie sich mit „ricambio login“ an."))

    static let loginFailed = FailureTexts(
        LocalizedText(
            it: "Il nome o la password non è giusto.", en: "The name or the password is wrong.",
            fr: "Le nom ou le mot de passe est incorrect.", de: "Name oder Kennwort ist falsch."),
        .nothingChanged,
        LocalizedText(
            it: "Riprovare; l'amministratore può dare una nuova password.",
            en: "Try again; the administrator can set a new password.",
            fr: "Réessayez ; l'administrateur peut définir un nouveau mot de passe.",
            de: "Versuchen Sie es erneut; der Administrator kann ein neues Kennwort vergeben."))

    static let tooManyAttempts = FailureTexts(
        LocalizedText(
            it: "Troppi tentativi di accesso.", en: "There were too many attempts to log in.",
            fr: "Trop de tentatives de connexion.", de: "Es gab zu viele Anmeldeversuche."),
        .nothingChanged,
        LocalizedText(
            it: "Riprovare[[ tra {seconds}]].", en: "Try again[[ in {seconds}]].", fr: "Réessayez[[ dans {seconds}]].",
            de: "Versuchen Sie es[[ in {seconds}]] erneut."))

    static let notAllowed = FailureTexts(
        LocalizedText(
            it: "Questo accesso non ha il diritto di farlo.", en: "This login does not have the right to do that.",
            fr: "Cette connexion n'a pas le droit de faire cela.", de: "Diese Anmeldung hat dazu kein Recht."),
        .nothingChanged,
        LocalizedText(
            it: "Accedere con un account che abbia il ruolo di amministratore.",
            en: "Log in with an account that has the role of administrator.",
            fr: "Connectez-vous avec un compte ayant le rôle d'administrateur.",
            de: "Melden Sie sich mit einem Konto an, das die Rolle Administrator hat."))

    static let passwordMustChange = FailureTexts(
        LocalizedText(
            it: "La password monouso va prima sostituita.", en: "The one-time password must be replaced first.",
            fr: "Le mot de passe à usage unique doit d'abord être remplacé.",
            de: "Das Einmalkennwort muss zuerst ersetzt werden."),
        .nothingChanged,
        LocalizedText(
            it: "Accedere di nuovo e scegliere una nuova password (--new-password-file).",
            en: "Log in again and choose a new password (--new-password-file).",
            fr: "Reconnectez-vous et choisissez un nouveau mot de passe (--new-password-file).",
            de: "Melden Sie sich erneut an und wählen Sie ein neues Kennwort (--new-password-file)."))

    static let passwordTooWeak = FailureTexts(
        LocalizedText(
            it: "La nuova password è troppo debole.", en: "The new password is too weak.",
            fr: "Le nouveau mot de passe est trop faible.", de: "Das neue Kennwort ist zu schwach."),
        .nothingChanged,
        LocalizedText(
            it: "Sceglierne una diversa dalla precedente[[, di almeno {minimum} caratteri]].",
            en: "Choose one that differs from the old one[[ and has at least {minimum} characters]].",
            fr: "Choisissez-en un différent de l'ancien[[, d'au moins {minimum} caractères]].",
            de: "Wählen Sie eines, das sich vom alten unterscheidet[[ und mindestens {minimum} Zeichen hat]]."))

    static let loginsRefused = FailureTexts(
        LocalizedText(
            it: "È in corso un aggiornamento: al momento non si può entrare.",
            en: "An update is going on: nobody can log in at the moment.",
            fr: "Une mise à jour est en cours : il n'est pas possible de se connecter pour le moment.",
            de: "Eine Aktualisierung läuft: Die Anmeldung ist im Augenblick nicht möglich."),
        .nothingChanged,
        LocalizedText(
            it: "Riprovare tra qualche minuto.", en: "Try again in a few minutes.",
            fr: "Réessayez dans quelques minutes.", de: "Versuchen Sie es in einigen Minuten erneut."))

    static let sessionUnknown = FailureTexts(
        LocalizedText(
            it: "Questa sessione non esiste più.", en: "This session does not exist any more.",
            fr: "Cette session n'existe plus.", de: "Diese Sitzung besteht nicht mehr."),
        .nothingChanged,
        LocalizedText(
            it: "Entrare di nuovo.", en: "Log in again.", fr: "Reconnectez-vous.", de: "Melden Sie sich erneut an."))

    static let clientMissing = FailureTexts(
        LocalizedText(
            it: "La versione installata non ha un client per {platform}.",
            en: "The installed release has no client for {platform}.",
            fr: "La version installée n'a pas de client pour {platform}.",
            de: "Die installierte Version hat keinen Client für {platform}."),
        .clientUnchanged,
        LocalizedText(
            it: "Chiedere al produttore il client per questo sistema.",
            en: "Ask the vendor for a client for this system.",
            fr: "Demandez à l'éditeur un client pour ce système.",
            de: "Fragen Sie den Hersteller nach einem Client für dieses System."))

    static let agentUnreachable = FailureTexts(
        LocalizedText(
            it: "L'agente {url} non risponde[[ ({reason})]].", en: "The agent {url} does not answer[[ ({reason})]].",
            fr: "L'agent {url} ne répond pas[[ ({reason})]].", de: "Der Agent {url} antwortet nicht[[ ({reason})]]."),
        .nothingChanged,
        LocalizedText(
            it: "Verificare che l'agente sia avviato, l'indirizzo e il firewall.",
            en: "See that the agent is running, and check the address and the firewall.",
            fr: "Vérifiez que l'agent est démarré, l'adresse et le pare-feu.",
            de: "Prüfen Sie, ob der Agent läuft, sowie Adresse und Firewall."))

    static let agentUntrusted = FailureTexts(
        LocalizedText(
            it: "Il certificato dell'agente {url} non è quello atteso[[ ({reason})]].",
            en: "The certificate of the agent {url} is not the expected one[[ ({reason})]].",
            fr: "Le certificat de l'agent {url} n'est pas celui attendu[[ ({reason})]].",
            de: "Das Zertifikat des Agenten {url} ist nicht das erwartete[[ ({reason})]]."),
        .nothingChanged,
        LocalizedText(
            it: "Confrontare l'impronta con quella che l'agente mostra all'avvio (file «tls/fingerprint»). Se non "
                + "coincide, non inserire la password.",
            en:
                "Compare the fingerprint with the one that the agent prints when it starts (file “tls/fingerprint”). If "
                + "they differ, do not give your password.",
            fr: "Comparez l'empreinte avec celle que l'agent affiche au démarrage (fichier « tls/fingerprint »). Si "
                + "elles diffèrent, ne saisissez pas votre mot de passe.",
            de: "Vergleichen Sie den Fingerabdruck mit dem, den der Agent beim Start ausgibt (Datei "
                + "„tls/fingerprint“). Stimmen sie nicht überein, geben Sie Ihr Kennwort nicht ein."))
}
