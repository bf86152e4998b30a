"""A mail server for tests, on a port of its own, that fails as it is told.

Its one argument is JSON: {"folder": where ca.pem is written, "tls": "starttls", "implicit" or "none", "username", "password":
nil for none, "plan": what is done with one message after the other, "port": 0 for any}. In the plan, a reply such as
"451 4.3.0 later" answers the content, "rcpt 550 5.1.1 nobody" the recipient; "drop" hangs up, "hang" says nothing; what
comes after the plan is accepted. Each line that it prints is JSON: first the port, then a line for each message.
"""
import asyncio
import datetime
import email
import email.policy
import ipaddress
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

settings = json.loads(sys.argv[1])
plan = list(settings.get("plan", []))


def tell(**line):
    print(json.dumps(line), flush=True)


def certificate():
    """A CA of our own, and a certificate of it for localhost."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def signed(name, key, issuer, issuer_key, extensions):
        builder = (x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                   .not_valid_after(now + datetime.timedelta(days=1)))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(issuer_key, hashes.SHA256())

    def named(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def written(file, *parts):
        path = os.path.join(settings["folder"], file)
        with open(path, "wb") as out:
            for part in parts:
                out.write(part)
        return path

    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = signed(named("Mail CA"), authority_key, named("Mail CA"), authority_key,
                       [(x509.BasicConstraints(ca=True, path_length=0), True),
                        (x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), False)])
    own = signed(named("localhost"), key, authority.subject, authority_key,
                 [(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False),
                  (x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), False)])
    pem = serialization.Encoding.PEM
    written("ca.pem", authority.public_bytes(pem))
    path = written("mail.pem", own.public_bytes(pem), key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if plan and plan[0].startswith("rcpt "):
            outcome = plan.pop(0)
            tell(outcome=outcome, to=[address])
            return outcome.removeprefix("rcpt ")
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        outcome = plan.pop(0) if plan else "accept"
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        tell(outcome=outcome, sender=envelope.mail_from, to=envelope.rcpt_tos, isTLS=server.transport.get_extra_info("ssl_object") is not None,
             login=session.auth_data.decode() if session.auth_data else None,
             defects=[str(defect) for defect in message.defects], text=message.get_content(),
             headers={name.lower(): str(value) for name, value in message.items()})
        if outcome == "accept":
            return "250 2.0.0 kept as 1"
        if outcome == "hang":
            await asyncio.sleep(3600)
        if outcome == "drop":
            server.transport.abort()
            await asyncio.sleep(3600)
        return outcome


def authenticate(server, session, envelope, mechanism, data):
    right = data.login.decode() == settings["username"] and data.password.decode() == settings["password"]
    return AuthResult(success=right, auth_data=data.login if right else None, handled=True if right else False)


async def main():
    tls = settings.get("tls", "starttls")
    context = certificate() if tls != "none" else None
    username = settings.get("username")

    def protocol():
        return SMTP(
            Handler(), hostname="localhost", enable_SMTPUTF8=True, timeout=3600,
            tls_context=context if tls == "starttls" else None, require_starttls=tls == "starttls",
            authenticator=authenticate if username else None, auth_required=bool(username),
            auth_require_tls=tls == "starttls")

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", settings.get("port", 0), ssl=context if tls == "implicit" else None)
    tell(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main())
