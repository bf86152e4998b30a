"""An endpoint for webhooks and security event tokens, over HTTPS, that fails as it is told to. For WebhookTests.

Arguments: the folder where it writes ca.pem, and the folder of the example that checks signatures. Each line of
standard input is a JSON array, and is answered by one line of JSON:
  ["port"]                  the port on localhost
  ["fail", [HOW, …]]        how the first attempt of each of the next messages fails; a later attempt does not
  ["always", HOW or null]   how every attempt fails from now on
  ["received"]              what came so far, in order
  ["verify", SECRET]        how each signed message is verified by the package standardwebhooks, and by the example
  ["tokens", JWKS, ISSUER, AUDIENCE, ALGORITHM]   the claims of each token, as PyJWT and as joserfc verify them
HOW is a status, "429" with Retry-After: 1, "400 set" with a body that RFC 8935 has, "302 URL", "reset" or "hang".
"""

import datetime
import http.server
import ipaddress
import json
import os
import signal
import socket
import ssl
import struct
import sys
import threading
import time

import joserfc.jwk
import joserfc.jwt
import jwt
import standardwebhooks
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

signal.alarm(570)
folder, examples = sys.argv[1:3]
sys.path.insert(0, examples)
sys.dont_write_bytecode = True
import verify_webhook

lock = threading.Lock()
received, failures, seen, state = [], [], set(), {"always": None}


def certificate():
    """A certificate authority of its own, and a certificate for localhost."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def build(name, issuer, key, issuer_key, is_ca):
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        )
        if not is_ca:
            names = [x509.DNSName("localhost")]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(issuer_key, hashes.SHA256())

    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = build("test CA", "test CA", ca_key, ca_key, True)
    leaf = build("localhost", "test CA", key, ca_key, False)
    pem = serialization.Encoding.PEM
    with open(os.path.join(folder, "ca.pem"), "wb") as file:
        file.write(ca.public_bytes(pem))
    chain = os.path.join(folder, "server.pem")
    with open(chain, "wb") as file:
        file.write(leaf.public_bytes(pem))
        file.write(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
    return chain


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        is_token = headers["content-type"] == "application/secevent+jwt"
        if is_token:
            name = jwt.decode(body.decode(), options={"verify_signature": False})["jti"]
        else:
            name = headers["webhook-id"]
        with lock:
            is_new = name not in seen
            seen.add(name)
            how = state["always"] or (failures.pop(0) if is_new and failures else None)
            received.append(
                {"id": name, "body": body.decode(), "headers": headers, "how": how, "path": self.path, "at": time.time()}
            )
        if how == "reset":
            # Without a word, and without the end that TLS and TCP would have.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket.socket.close(self.connection)
            self.close_connection = True
            return
        if how == "hang":
            time.sleep(60)
            return
        status, _, rest = (how or ("202" if is_token else "204")).partition(" ")
        answer = b""
        self.send_response(int(status))
        if status == "429":
            self.send_header("Retry-After", "1")
        if rest == "set":
            answer = b'{"err": "invalid_audience", "description": "not for us"}'
            self.send_header("Content-Type", "application/json")
        elif rest:
            self.send_header("Location", rest)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        # Clients that were killed, and connections that were reset, say enough elsewhere.
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate())
server = Server(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()


def verified(secret):
    webhook = standardwebhooks.Webhook(secret)
    results = []
    for one in list(received):
        package = webhook.verify(one["body"].encode(), one["headers"])
        example = verify_webhook.is_from_martlet(secret, one["headers"], one["body"].encode())
        forged = verify_webhook.is_from_martlet(secret, one["headers"], one["body"].encode() + b" ")
        results.append({"package": package == json.loads(one["body"]), "example": example, "forged": forged})
    return results


def tokens(jwks, issuer, audience, algorithm):
    by_id = {key["kid"]: jwt.PyJWK(key) for key in jwks["keys"]}
    keys = joserfc.jwk.KeySet.import_key_set(jwks)
    results = []
    for one in list(received):
        header = jwt.get_unverified_header(one["body"])
        claims = jwt.decode(
            one["body"], by_id[header["kid"]], algorithms=[algorithm], audience=audience, issuer=issuer,
            options={"require": ["iss", "aud", "iat", "jti"]},
        )
        same = joserfc.jwt.decode(one["body"], keys, algorithms=[algorithm]).claims == claims
        results.append({"type": header["typ"], "claims": claims, "same": same, "how": one["how"]})
    return results


for line in sys.stdin:
    command, *arguments = json.loads(line)
    answer = True
    if command == "port":
        answer = server.server_address[1]
    elif command == "fail":
        with lock:
            failures.extend(arguments[0])
    elif command == "always":
        with lock:
            state["always"] = arguments[0]
    elif command == "received":
        with lock:
            answer = list(received)
    elif command == "verify":
        answer = verified(*arguments)
    elif command == "tokens":
        answer = tokens(*arguments)
    print(json.dumps(answer), flush=True)
