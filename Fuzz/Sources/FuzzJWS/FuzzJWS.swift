import FuzzSupport
import MartletJOSE

/// Arbitrary bytes as a token, as a signed payload, and as a signed header.
///
/// Nobody can sign with the keys but this program, so what is accepted as a token as it came must be one it has signed,
/// and it signs none that stands in the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = input(start, count)
    require((try? Fixture.verifier.verify(bytes, now: Fixture.now)) == nil, "accepted a token that nobody signed")
    let text = String(decoding: bytes, as: UTF8.self)
    require((try? JWS.verify(text, keys: Fixture.keys, expectedType: nil)) == nil, "accepted a JWS that nobody signed")

    payload(bytes)
    header(bytes)
    return 0
}

/// The claims that are read are in the payload, and are read the same when they are signed again.
private func payload(_ bytes: [UInt8]) {
    let token = sign(Fixture.header, bytes)
    guard let verified = try? Fixture.verifier.verify(token, now: Fixture.now) else {
        return
    }
    // The fast reader and the general one are of one mind.
    guard let object = (try? JSONValue(parsing: bytes))?.object else {
        fatalError("read claims from what is no JSON object")
    }
    require(object["sub"]?.string == verified.subject, "read another subject")
    require(object["jti"]?.string == verified.tokenID, "read another token id")
    require(object["sid"]?.string == verified.sessionID, "read another session id")
    require(object["client_id"]?.string == verified.clientID, "read another client")
    require(object["iss"]?.string == verified.issuer, "read another issuer")
    require((object["roles"]?.strings ?? []) == verified.roles, "read other roles")
    require((object["scope"]?.string ?? "") == verified.scope.joined(separator: " "), "read another scope")
    require(object["aud"]?.strings ?? [object["aud"]?.string ?? ""] == verified.audience, "read another audience")

    guard let again = try? AccessTokenSigner(key: Fixture.key).sign(verified.claims) else {
        fatalError("did not sign what was read")
    }
    require(
        (try? Fixture.verifier.verify(again, now: Fixture.now))?.claims == verified.claims, "read back other claims")
}

/// Whatever a header says, a token is accepted only with our algorithm, key, and type, and without `crit`.
private func header(_ bytes: [UInt8]) {
    let token = sign(Base64URL.encode(bytes), Fixture.payload)
    guard (try? Fixture.verifier.verify(token, now: Fixture.now)) != nil else {
        return
    }
    guard let object = (try? JSONValue(parsing: bytes))?.object else {
        fatalError("accepted a header that is no JSON object")
    }
    require(object["alg"] == "EdDSA" && object["kid"]?.string == Fixture.key.keyID, "accepted another key")
    require(object["crit"] == nil && (object["b64"] ?? true) == true, "accepted a header that is not understood")
    require(object["typ"]?.string?.lowercased().hasSuffix("at+jwt") == true, "accepted another type")
}

private func sign(_ header: String, _ payload: [UInt8]) -> String {
    let input = "\(header).\(Base64URL.encode(payload))"
    guard let signature = try? Fixture.key.signature(for: input.utf8) else {
        fatalError("the key signs anything")
    }
    return "\(input).\(Base64URL.encode(signature))"
}

private enum Fixture {
    static let now: Int64 = 1_767_225_600

    /// The key of RFC 8037 A.1, so that findings can be run again.
    static let key: SigningKey = {
        let jwk = """
            {"kty":"OKP","crv":"Ed25519","kid":"k","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",\
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
            """
        guard let key = try? SigningKey(privateJWK: jwk.utf8) else {
            fatalError("the key of RFC 8037 is a key")
        }
        return key
    }()

    static let keys = VerificationKeySet(JWKSet(keys: [key.jwk]))

    static let verifier = AccessTokenVerifier(policy: AccessTokenPolicy(issuer: "i", audience: "a"), keys: keys)

    static let header = Base64URL.encode(#"{"alg":"EdDSA","kid":"k","typ":"at+jwt"}"#.utf8)

    static let payload = Array(
        #"{"iss":"i","aud":"a","sub":"s","client_id":"c","iat":1767225600,"exp":1767225700,"jti":"j"}"#.utf8
    )
}
