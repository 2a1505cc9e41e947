// SPDX-License-Identifier: Apache-2.0
import AgentAPI

/// What a person is told who meets an agent that cannot be told from an impostor: what happened, what state things are
/// in, what to do. Arguments: `url`, and `fingerprint` when a certificate was seen.
enum TrustTexts {
    /// Nobody trusted vouches for the certificate; an agent that makes its own is met like that the first time.
    static let unknown = [
        LocalizedText(
            it:
                "Questo computer non può sapere se a {url} risponde davvero il suo agente: nessuna autorità riconosciuta "
                + "ne garantisce il certificato[[. L'impronta vista è\n{fingerprint}]]",
            en: "This computer cannot tell whether it is really your agent that answers at {url}: no authority that it "
                + "trusts vouches for the certificate[[. The fingerprint it saw is\n{fingerprint}]]",
            fr: "Cet ordinateur ne peut pas savoir si c'est bien votre agent qui répond à {url} : aucune autorité "
                + "reconnue ne garantit le certificat[[. L'empreinte vue est\n{fingerprint}]]",
            de: "Dieser Rechner kann nicht wissen, ob unter {url} wirklich Ihr Agent antwortet: Keine Stelle, der er "
                + "vertraut, bürgt für das Zertifikat[[. Der gesehene Fingerabdruck ist\n{fingerprint}]]"),
        nothingSent,
        LocalizedText(
            it: "Confrontare l'impronta con quella che l'agente mostra all'avvio (file «tls/fingerprint» nella sua "
                + "cartella di stato). Se coincide:[[\nricambio login {url} --fingerprint {fingerprint}\n]]Se non "
                + "coincide, risponde qualcun altro: non inserire la password.",
            en: "Compare the fingerprint with the one that the agent prints when it starts (file “tls/fingerprint” in "
                + "its state folder). If they are the same:[[\nricambio login {url} --fingerprint {fingerprint}\n]]If "
                + "they differ, somebody else answers there: do not give your password.",
            fr: "Comparez l'empreinte avec celle que l'agent affiche au démarrage (fichier « tls/fingerprint » de son "
                + "dossier d'état). Si elles sont identiques :[[\nricambio login {url} --fingerprint {fingerprint}\n]]"
                + "Si elles diffèrent, quelqu'un d'autre répond : ne saisissez pas votre mot de passe.",
            de: "Vergleichen Sie den Fingerabdruck mit dem, den der Agent beim Start ausgibt (Datei „tls/fingerprint“ "
                + "in seinem Zustandsordner). Stimmen sie überein:[[\nricambio login {url} --fingerprint {fingerprint}"
                + "\n]]Stimmen sie nicht überein, antwortet dort jemand anders: Geben Sie Ihr Kennwort nicht ein."),
    ]

    /// Another certificate than the one that was pinned.
    static let other = [
        LocalizedText(
            it: "Il certificato dell'agente {url} non è quello atteso[[. L'impronta vista è\n{fingerprint}]]",
            en:
                "The certificate of the agent {url} is not the expected one[[. The fingerprint it saw is\n{fingerprint}]]",
            fr: "Le certificat de l'agent {url} n'est pas celui attendu[[. L'empreinte vue est\n{fingerprint}]]",
            de: "Das Zertifikat des Agenten {url} ist nicht das erwartete[[. Der gesehene Fingerabdruck ist\n"
                + "{fingerprint}]]"),
        nothingSent,
        LocalizedText(
            it:
                "Se l'agente ha un certificato nuovo, confrontare l'impronta con quella che mostra all'avvio e accedere "
                + "con quella: ricambio login {url} --fingerprint[[ {fingerprint}]]",
            en:
                "If the agent has a new certificate, compare the fingerprint with the one that it prints when it starts, "
                + "and log in with that one: ricambio login {url} --fingerprint[[ {fingerprint}]]",
            fr: "Si l'agent a un nouveau certificat, comparez l'empreinte avec celle qu'il affiche au démarrage, et "
                + "connectez-vous avec celle-ci : ricambio login {url} --fingerprint[[ {fingerprint}]]",
            de: "Hat der Agent ein neues Zertifikat, vergleichen Sie den Fingerabdruck mit dem, den er beim Start "
                + "ausgibt, und melden Sie sich damit an: ricambio login {url} --fingerprint[[ {fingerprint}]]"),
    ]

    private static let nothingSent = LocalizedText(
        it: "Non gli è stato inviato nulla, neppure una password.", en: "Nothing was sent to it, no password either.",
        fr: "Rien ne lui a été envoyé, pas même un mot de passe.",
        de: "Es wurde nichts gesendet, auch kein Kennwort.")
}
