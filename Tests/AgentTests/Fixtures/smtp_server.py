# SPDX-License-Identifier: Apache-2.0
"""A real mail server for the tests: STARTTLS and a login are required.

smtp_server.py CERTIFICATE KEY FOLDER USER PASSWORD: prints its port, writes each mail it takes into FOLDER as JSON as
Python's own mail parser reads it, and ends when its standard input does, so that it never outlives the test.
"""
import asyncio
import email
import email.policy
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

certificate, key, folder, user, password = sys.argv[1:6]


class Handler:
    def __init__(self):
        self.taken = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 there is nobody of that name here"
        if address.startswith("later@"):
            return "451 4.7.1 please try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        raw = envelope.original_content
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        parsed = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "tls": session.ssl is not None,
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            "names": [name.lower() for name in mail.keys()],
            "defects": [str(defect) for defect in mail.defects],
            "body": mail.get_content(),
            "ascii": all(byte < 128 for byte in raw),
            "longest": max(len(line) for line in raw.split(b"\r\n")),
        }
        path = os.path.join(folder, f"{self.taken}.json")
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(parsed, file)
        os.rename(path + ".part", path)
        self.taken += 1
        return "250 OK taken"


def authenticate(server, session, envelope, mechanism, data):
    matches = data.login == user.encode() and data.password == password.encode()
    return AuthResult(success=matches, handled=False)


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    handler = Handler()

    def connection():
        return SMTP(
            handler, tls_context=context, require_starttls=True, auth_required=True, authenticator=authenticate)

    server = await loop.create_server(connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


# The executor's thread and half-open connections have nothing left to do.
asyncio.run(main())
os._exit(0)
