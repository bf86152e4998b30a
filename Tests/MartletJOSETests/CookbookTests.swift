import Foundation
import MartletJOSE
import Testing

/// The JOSE cookbook (RFC 7520), with the examples of RFC 7797 and RFC 8037 that came to it.
///
/// The files are not part of the package. They are looked for in `MARTLET_VECTORS`, else in `shared/vectors` beside
/// the package; where they are absent, these tests are skipped and say so. The RFCs' own short examples are in
/// ``RFCVectors``.
@Suite(.enabled(if: Surroundings.cookbook != nil, "no cookbook: set MARTLET_VECTORS to the folder that has it"))
struct CookbookTests {
    private static func read(_ name: String) throws -> JSONValue {
        let folder = try #require(Surroundings.cookbook)
        return try JSONValue(parsing: Data(contentsOf: folder.appending(path: "\(name).json")))
    }

    /// An example's private key, with the algorithm that it leaves unsaid.
    private static func key(of example: JSONValue) throws -> SigningKey {
        var object = try #require(example["input"]?["key"]?.object)
        object["alg"] = example["input"]?["alg"]
        return try SigningKey(privateJWK: JSONValue.object(object).serialized())
    }

    @Test(arguments: ["4_1.rsa_v15_signature", "4_2.rsa-pss_signature", "ed25519_jws"])
    func signaturesOfOurAlgorithms(name: String) throws {
        var example = try Self.read(name)
        if name == "4_2.rsa-pss_signature" {
            // The example is PS384, which we do not have; its key is signed with all the same.
            var input = try #require(example["input"]?.object)
            input["alg"] = "PS256"
            example = ["input": .object(input), "output": example["output"] ?? nil]
        }
        let key = try Self.key(of: example)
        let verificationKey = try VerificationKey(key.jwk)
        let payload = Array(try #require(example["input"]?["payload"]?.string).utf8)
        let own = try JWS.sign(payload: payload, key: key)
        #expect(try JWS.verify(own, key: verificationKey, expectedType: nil).payload == payload)

        let compact = try #require(example["output"]?["compact"]?.string)
        if name == "4_2.rsa-pss_signature" {
            #expect(throws: JOSEError(.unsupportedAlgorithm, "")) {
                try JWS.verify(compact, key: verificationKey, expectedType: nil)
            }
        } else {
            #expect(try JWS.verify(compact, key: verificationKey, expectedType: nil).payload == payload)
        }
        if name == "4_1.rsa_v15_signature" {
            // PKCS #1 v1.5 signs the same way each time.
            let input = compact.utf8.prefix { $0 != UInt8(ascii: ".") }.count + 1
            let dot = try #require(compact.utf8.lastIndex(of: UInt8(ascii: ".")))
            #expect(input > 1)
            #expect(
                try Base64URL.encode(key.signature(for: compact.utf8[..<dot]))
                    == compact[compact.utf8.index(after: dot)...])
        }
    }

    @Test(arguments: [
        "4_3.ecdsa_signature", "4_4.hmac-sha2_integrity_protection", "hmac-sha2_b64_false",
    ])
    func algorithmsAndHeadersThatAreNotOurs(name: String) throws {
        let compact = try #require(Self.read(name)["output"]?["compact"]?.string)
        let error = joseError { _ = try JWS.verify(compact, keys: Fixtures.keySet(), expectedType: nil) }
        #expect(error?.code == .unsupportedAlgorithm || error?.code == .unsupportedHeader)
    }

    @Test(
        arguments: [
            ("3_1.ec_public_key", .unsupportedAlgorithm), ("3_2.ec_private_key", .invalidKey),
            ("3_3.rsa_public_key", nil),
            ("3_4.rsa_private_key", .invalidKey), ("3_5.symmetric_key_mac_computation", .invalidKey),
            ("3_6.symmetric_key_encryption", .invalidKey),
        ] as [(String, JOSEError.Code?)])
    func keys(name: String, code: JOSEError.Code?) throws {
        let json = try Self.read(name).serialized()
        #expect(joseError { _ = try JWK(parsing: json) }?.code == code)
    }

    @Test func privateRSAKeyIsWrittenAsItWasRead() throws {
        var object = try #require(Self.read("3_4.rsa_private_key").object)
        object["alg"] = "RS256"
        let key = try SigningKey(privateJWK: JSONValue.object(object).serialized())
        #expect(try JSONValue(parsing: key.serializedPrivateJWK()).object == object)
        #expect(key.keyID == "bilbo.baggins@hobbiton.example")
    }
}
