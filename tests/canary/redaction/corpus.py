"""Secrets as others write them, and harmless texts that a diagnosis reads.

Secrets and the keys of other companies are made at run time, by their documented shapes.
"""

from __future__ import annotations

import base64
import itertools
import random
import string
import uuid
from collections.abc import Iterator

from tests.canary.redaction.kinds import KINDS

DICE = random.Random(20261129)
LETTERS = string.ascii_letters + string.digits


def drawn(length: int, letters: str = LETTERS) -> str:
    return "".join(DICE.choice(letters) for _ in range(length))


NAMES = (
    "AWS_SECRET_ACCESS_KEY", "SECRET_KEY", "DB_PASSWORD", "db.password", "spring.data.password",
    "secretKey", "password_hash", "pwd", "userPwd", "PGPASSWORD", "MYSQL_PWD", "api_key",
    "x-api-key", "apiKey", "client_secret", "clientSecret", "access_token", "refreshToken",
    "id_token", "private_key", "passphrase", "AccountKey", "SharedAccessKey", "signing-key",
    "session_id", "X-Amz-Signature", "credentials", "auth_key", "webhook_key", "ENCRYPTION_KEY",
    "adminPassword",
)  # fmt: skip
FORMS = (
    "{name}={secret}",
    "export {name}='{secret}'",
    "{name}: {secret}",
    '"{name}": "{secret}"',
    '{{\\"{name}\\":\\"{secret}\\"}}',
    "{{&quot;{name}&quot;:&quot;{secret}&quot;}}",
    "%7B%22{name}%22%3A%22{secret}%22%7D",
    "{name} => '{secret}'",
    "{{'{name}': b'{secret}'}}",
    '{{"{name}": ["{secret}"]}}',
    '[{{"name": "{name}", "value": "{secret}"}}]',
    "('{name}', '{secret}')",
    "{name}:                  {secret}",
    "{name}=SecretStr('{secret}')",
    "\\u0022{name}\\u0022:\\u0022{secret}\\u0022",
    "<{name}>{secret}</{name}>",
    'cut here "{name}": "some words {secret}',
)
OTHERS = (
    "Authorization: Token {secret}",
    "Authorization: AWS4-HMAC-SHA256 Credential=x/y, SignedHeaders=host, Signature={secret}",
    "Proxy-Authorization: Digest username=a, response={secret}",
    "run --password {secret} --verbose",
    "run --db-password '{secret} and words'",
    "curl -u admin:{secret} localhost",
    "redis-server --requirepass {secret}",
    "redis-cli -a {secret} ping",
    "curl -uadmin:{secret} localhost",
    "curl -sfu admin:{secret} localhost",
    "mysqladmin ping -uroot -p{secret}",
    "run --db-pass {secret}",
    "run --auth {secret}",
    "DB_PASS={secret}",
    "API key: {secret}",
    "FERNET_KEY: {secret}",
    "x-functions-key: {secret}",
    'map[string][]string{{"X-Api-Key":[]string{{"{secret}"}}}}',
    "user[password]={secret}",
    "redis://{secret}@cache:6379/0",
    "rediss://:{secret}@cache:6379/0",
    "amqp://guest:{secret}@queue",
    "Cookie: theme=dark; session={secret}; other={secret}",
    "Set-Cookie: a=1; Path=/, b={secret}; Secure",
    '{{"password": "with \\"quotes\\" and {secret}"}}',
    '{{\\"password\\": \\"with \\\\\\"quotes\\\\\\" and {secret}\\"}}',
    "GET https://hooks.slack.com/services/T000/B000/{secret}",
    "POST https://discord.com/api/webhooks/123456789012345678/{secret}",
    "https://api.telegram.org/bot123456789:{secret}/sendMessage",
    "password%3D{secret}%26user%3Dx",
    "token={secret}&next=/",
)
HEX = "0123456789abcdef"
SHAPES = {
    "github": lambda: "ghp_" + drawn(36),
    "github-new": lambda: "github_pat_" + drawn(22) + "_" + drawn(59),
    "gitlab": lambda: "glpat-" + drawn(20),
    "slack": lambda: "xoxb-" + drawn(12, string.digits) + "-" + drawn(24),
    "stripe": lambda: "sk_live_" + drawn(24),
    "google": lambda: "AIza" + drawn(35),
    "sendgrid": lambda: "SG." + drawn(22) + "." + drawn(43),
    "npm": lambda: "npm_" + drawn(36),
    "pypi": lambda: "pypi-" + drawn(80),
    "digitalocean": lambda: "dop_v1_" + drawn(64, HEX),
    "huggingface": lambda: "hf_" + drawn(34),
    "shopify": lambda: "shpat_" + drawn(32, HEX),
    "twilio": lambda: "SK" + drawn(32, HEX),
    "databricks": lambda: "dapi" + drawn(32, HEX),
    "openai": lambda: "sk-proj-" + drawn(48),
    "vault": lambda: "hvs." + drawn(90),
    "aws-id": lambda: "AKIA" + drawn(16, string.ascii_uppercase + string.digits),
    "aws-key": lambda: base64.b64encode(DICE.randbytes(30)).decode(),
    "base64": lambda: base64.b64encode(DICE.randbytes(48)).decode(),
    "jwt": lambda: f"eyJ{drawn(20)}.eyJ{drawn(40)}.{drawn(43)}",
}


def secrets_as_others_write_them() -> Iterator[tuple[str, str]]:
    """Yield (text, secret)."""
    for name, form in itertools.product(NAMES, FORMS):
        secret = drawn(DICE.choice((12, 20, 40)))
        yield form.format(name=name, secret=secret), secret
    for form in OTHERS:
        secret = drawn(32)
        yield form.format(secret=secret), secret
    for shape, make in SHAPES.items():
        for where in ("{}", "the worker got {} from its parent", 'x("{}")'):
            secret = make()
            yield where.format(secret), f"{secret} ({shape})".split(" ")[0]


def secrets_by_kind() -> Iterator[tuple[str, str]]:
    """Yield (text, secret) of each form of each kind."""
    for forms, _ in KINDS.values():
        for form in forms:
            secret, parts = drawn(32), [drawn(16) for _ in range(3)]
            for part in parts:
                form = form.replace("{part}", part, 1)
            if form.count("{"):
                form = form.format(secret=secret)
            for each in [p for p in (secret, *parts) if p in form]:
                yield form, each


def harmless() -> Iterator[str]:
    """Yield what a diagnosis reads: identifiers, hashes, addresses, sentences."""
    for _ in range(30):
        number = drawn(12, string.digits)
        yield f"sha256:{drawn(64, HEX)}"
        yield f"commit {drawn(40, HEX)} by {drawn(7, HEX)}"
        yield f"X-Amzn-Trace-Id: Root=1-{drawn(8, HEX)}-{drawn(24, HEX)}"
        yield f"traceparent: 00-{drawn(32, HEX)}-{drawn(16, HEX)}-01"
        yield f"request {uuid.UUID(int=DICE.getrandbits(128))} took 31 ms"
        yield f"arn:aws:ecs:us-east-1:{number}:task/hokusai-development/{drawn(32, HEX)}"
        yield (
            f"arn:aws:elasticloadbalancing:us-east-1:{number}:listener-rule/app/"
            f"hokusai-registry-development/{drawn(16, HEX)}/{drawn(16, HEX)}/{drawn(16, HEX)}"
        )
        yield f"arn:aws:secretsmanager:us-east-1:{number}:secret:app/db-{drawn(6)}"
        yield " ".join(f"{kind}-{drawn(17, HEX)}" for kind in ("sg", "subnet", "vpc", "eni"))
        yield f"{number}.dkr.ecr.us-east-1.amazonaws.com/hokusai/registry@sha256:{drawn(64, HEX)}"
    yield from SENTENCES
    for _, alike in KINDS.values():
        yield from alike


SENTENCES = (
    "could not connect to server: Connection refused",
    'FATAL: password authentication failed for user "mlflow"',
    "Invalid or expired API key",
    "API key required",
    "Bearer token auth is enabled",
    "redis.exceptions.AuthenticationError: invalid username-password pair or user is disabled.",
    "NOAUTH Authentication required.",
    "token_type is missing",
    "max_tokens=4096 tokens: 512 token count: 12",
    "password: null",
    "secret: not found",
    "The security token included in the request is expired",
    "GET /api/v1/keys/17 200",
    "primary_key=42 partition_key: 7",
    "Unable to retrieve secret from asm: ResourceInitializationError",
    "http://mlflow.hokusai-development.local:5000/health answered 503",
    "postgresql://mlflow@db.hokusai.local:5432/mlflow_db",
    "File /app/node_modules/express/lib/router/index.js, line 284",
    "com.example.platform.registry.ModelRegistrationServiceImplementation.start",
    "at org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:1089)",
    "AttributeError: 'NoneType' object has no attribute 'session'",
    "s3://hokusai-artifacts-development/mlflow/1/d41d8cd98f00b204e9800998ecf8427e/artifacts",
    "Model HokusaiSyntheticCanaryRegressionModel2026Version17 was registered",
    "listening on 0.0.0.0:8000 with 4 workers",
    "2026-11-29T12:00:00.123Z INFO gunicorn.access 10.0.1.7 GET /live 200 0.002",
    "curl -u admin localhost:8080",
    "docker run -u 1000:1000 app",
    "SECRET_KEY: is required",
    "API_KEY: must be set",
    "Missing secret: DB_PASSWORD is not set",
    "SecretsError: DATABASE_URL is not set",
    "CredentialError: AWS_REGION is not set",
    "AuthTokenError: could not connect to database",
    "NoCredentialsError: Unable to locate credentials",
    "perform: secretsmanager:GetSecretValue on resource: "
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:a/b-C",
    "http://token-service:8000/health",
    "/app/secrets.py:12: in f",
    '{"token_type":"bearer"}',
    "token_limit=100k",
    "tokenizer_config=/app/x",
    "run --token-ttl 3600s --tokenizer bert",
    "cookie=- msg=could not connect to database",
    "no such service: tokenizer",
    "keys: 12 sessions: 4",
)
