// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ObjectStore

/// The first four answers are those of the examples in Amazon S3's own documentation ("Authenticating Requests: Using
/// the Authorization Header"), with the example credentials that it prints there.
@Suite("Signature Version 4")
struct SigV4Tests {
    private let signer = SigV4(
        credentials: Credentials(
            accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region: "us-east-1")
    /// 2013-05-24T00:00:00Z
    private let date = Date(timeIntervalSince1970: 1_369_353_600)

    private func request(
        _ method: String = "GET", _ path: String = "/", query: [SignableRequest.Field] = [],
        headers: [SignableRequest.Field] = [], payload: String = SigV4.emptyPayload
    ) -> SignableRequest {
        SignableRequest(
            method: method, host: "examplebucket.s3.amazonaws.com", path: path, query: query, headers: headers,
            payloadSHA256: payload)
    }

    private func authorization(_ signer: SigV4, _ request: SignableRequest, at date: Date) -> String? {
        signer.signedHeaders(of: request, at: date).first { $0.name == "Authorization" }?.value
    }

    @Test("GET of an object: canonical request, string to sign and signature are the documented ones")
    func getObject() {
        let ranged = request("GET", "/test.txt", headers: [.init("Range", "bytes=0-9")])
        let prepared = signer.prepared(ranged, at: date)
        #expect(
            signer.canonicalRequest(prepared) == """
                GET
                /test.txt

                host:examplebucket.s3.amazonaws.com
                range:bytes=0-9
                x-amz-content-sha256:\(SigV4.emptyPayload)
                x-amz-date:20130524T000000Z

                host;range;x-amz-content-sha256;x-amz-date
                \(SigV4.emptyPayload)
                """)
        #expect(
            signer.stringToSign(prepared, at: date) == """
                AWS4-HMAC-SHA256
                20130524T000000Z
                20130524/us-east-1/s3/aws4_request
                7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972
                """)
        #expect(
            authorization(signer, ranged, at: date)
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test("PUT of an object: a path that needs encoding, more headers, a body")
    func putObject() {
        let put = request(
            "PUT", "/test$file.text",
            headers: [
                .init("Date", "Fri, 24 May 2013 00:00:00 GMT"), .init("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ],
            payload: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072")
        #expect(put.encodedPath == "/test%24file.text")
        #expect(
            authorization(signer, put, at: date)?.hasSuffix(
                "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd") == true)
    }

    @Test("A query without a value")
    func lifecycle() {
        #expect(
            authorization(signer, request(query: [.init("lifecycle", "")]), at: date)?.hasSuffix(
                "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543") == true)
    }

    @Test("A list of objects: query parameters are signed in order, whatever order they come in")
    func list() {
        let query: [SignableRequest.Field] = [.init("prefix", "J"), .init("max-keys", "2")]
        for query in [query, query.reversed()] {
            #expect(
                authorization(signer, request(query: query), at: date)?.hasSuffix(
                    "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7") == true)
        }
    }

    @Test(
        "Every part of a request is signed: another method, path, query, header, body, time or region is another signature"
    )
    func everythingIsSigned() {
        let base = request("PUT", "/a", query: [.init("q", "1")], headers: [.init("If-None-Match", "*")])
        var changed = [base, base, base, base, base, base]
        changed[0].method = "GET"
        changed[1].path = "/b"
        changed[2].query = [.init("q", "2")]
        changed[3].headers = []
        changed[4].payloadSHA256 = String(repeating: "0", count: 64)
        changed[5].host = "other.example"
        let all =
            ([base] + changed).map { authorization(signer, $0, at: date) }
            + [authorization(signer, base, at: date + 1)]
            + [authorization(SigV4(credentials: signer.credentials, region: "eu-south-1"), base, at: date)]
        #expect(Set(all).count == all.count)
    }

    /// Answers of botocore 1.44.8 (`S3SigV4Auth`) to the same requests at the same time, 2026-01-01T00:00:00Z.
    @Test(
        "Odd keys and session tokens are signed as another implementation signs them",
        arguments: [
            ("a b+c", nil, "f2a898aa5482ab3a6b56b02ecf117b91fcb1ccb75d35e23c532421b2adcd096a"),
            ("naïve/é😀", nil, "8dcb3a2be4dc3ab84feaa422f27a49b595cd3bc9dcd39d86baf0c8a1e33bc87f"),
            ("x=1~y%20z", nil, "8e9d27e385d3d25d044b380e1a6b43ae23dee43e776d0d4ce85b93470182c915"),
            ("a b+c", "TOKEN/+=", "62b6f53e4fee23aaa1a657b51391fd2182c9e5d6972913d979357da38f75f7d5"),
        ] as [(String, String?, String)])
    func oddKeys(_ key: String, _ token: String?, _ signature: String) {
        let signer = SigV4(
            credentials: Credentials(
                accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                sessionToken: token), region: "eu-south-1")
        let put = SignableRequest(
            method: "PUT", host: "store.example:9000", path: "/bucket/" + key,
            headers: [.init("Content-Type", "application/json"), .init("If-None-Match", "*")],
            payloadSHA256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
        let headers = signer.signedHeaders(of: put, at: Date(timeIntervalSince1970: 1_767_225_600))
        #expect(headers.last?.value.hasSuffix("Signature=\(signature)") == true, "\(headers)")
        #expect(headers.first { $0.name == "x-amz-security-token" }?.value == token)
    }

    @Test("Credentials come from the environment, and no text made of them has a secret")
    func credentials() throws {
        let environment = [
            "AWS_ACCESS_KEY_ID": "ID", "AWS_SECRET_ACCESS_KEY": "hidden", "AWS_SESSION_TOKEN": "token",
        ]
        let credentials = try #require(Credentials(environment: environment))
        #expect(credentials == Credentials(accessKeyID: "ID", secretAccessKey: "hidden", sessionToken: "token"))
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped, "\([credentials])"] {
            #expect(!text.contains("hidden") && !text.contains("token"))
        }
        #expect(Credentials(environment: ["AWS_ACCESS_KEY_ID": "ID"]) == nil)
        #expect(Credentials(environment: environment.merging(["AWS_SECRET_ACCESS_KEY": ""]) { $1 }) == nil)
    }
}
