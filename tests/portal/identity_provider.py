"""An OpenID provider on this machine: discovery, keys and token endpoint, and people who sign in there at once."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey


class IdentityProvider:
    """Remembers what it was asked; `claims` goes over what its ID tokens say, `key` signs them."""

    def __init__(self, now):
        self.now, self.claims, self.codes, self.forms, self.gone = now, {}, {}, [], False
        self.published = self.key = ECKey.generate_key("P-256", parameters={"kid": "one"})
        self.algorithm, self.forge = "ES256", None
        provider = self

        class Answers(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                provider.look(self)

            def do_POST(self):
                octets = self.rfile.read(int(self.headers["content-length"]))
                provider.token(self, {name: one[0] for name, one in parse_qs(octets.decode()).items()})

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def sign_in(self, there, **claims):
        """What the browser of somebody does there: the path and query with which they come back."""
        asked = {name: one[0] for name, one in parse_qs(urlsplit(there).query).items()}
        code = hashlib.sha256(there.encode() + str(len(self.codes)).encode()).hexdigest()
        self.codes[code] = (asked, claims)
        back = urlsplit(asked["redirect_uri"])
        return f"{back.path}?{urlencode({'code': code, 'state': asked['state']})}"

    def look(self, request):
        told = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
            },
            "/keys": {"keys": [self.published.as_dict(private=False)]},
        }.get(request.path)  # fmt: skip
        _answer(request, 404 if told is None or self.gone else 200, told)

    def token(self, request, form):
        self.forms.append(form)
        asked, claims = self.codes.pop(form.get("code", ""), (None, {}))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            _answer(request, 400, {"error": "invalid_grant"})
            return
        now = self.now() // 1000
        said = {
            "iss": self.issuer, "aud": asked["client_id"], "sub": "1", "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "email": "jane@customer.example", "email_verified": True, "name": "Jane",
            **self.claims, **claims,
        }  # fmt: skip
        said = {name: value for name, value in said.items() if value is not None}
        head = {"alg": self.algorithm, "kid": "one"}
        if self.forge is not None:
            _answer(request, 200, {"id_token": self.forge(self.published.as_pem(private=False), said)})
            return
        _answer(
            request,
            200,
            {"token_type": "Bearer", "id_token": jwt.encode(head, said, self.key, algorithms=[self.algorithm])},
        )


def _answer(request, status, said):
    octets = json.dumps(said).encode()
    request.send_response(status)
    request.send_header("content-type", "application/json")
    request.send_header("content-length", str(len(octets)))
    request.end_headers()
    request.wfile.write(octets)
