"""Kinds of secrets in others' texts: how each is written, and harmless texts that look alike.

`{secret}` is made at run time; so are the names of hosts whose paths give access.
"""

from __future__ import annotations

SLACK = ".".join(("hooks", "slack", "com"))
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "SQL": (
        (
            "ALTER USER app WITH PASSWORD '{secret}'",
            "CREATE ROLE app LOGIN ENCRYPTED PASSWORD '{secret}' VALID UNTIL 'infinity';",
            "ALTER LOGIN sa WITH PASSWORD = N'{secret}', CHECK_POLICY = OFF",
            'create user app password "{secret}"',
            "CREATE USER 'app'@'%' IDENTIFIED BY '{secret}'",
            "ALTER USER app IDENTIFIED WITH mysql_native_password BY '{secret}'",
            "GRANT ALL ON db.* TO app IDENTIFIED BY PASSWORD '{secret}'",
            "ALTER USER app IDENTIFIED BY {secret} ACCOUNT UNLOCK",
            "SET PASSWORD FOR 'app'@'%' = '{secret}'",
            "SET PASSWORD = PASSWORD('{secret}')",
            "statement: ALTER USER app PASSWORD 'it''s {secret}' -- done",
            '{{"sql": "ALTER USER app PASSWORD \'{secret}\'"}}',
            '{{"sql": "ALTER USER app PASSWORD \\"{secret}\\""}}',
            "%22ALTER USER app PASSWORD %27{secret}%27%22",
        ),
        (
            "ERROR: role app has no PASSWORD VALID UNTIL yesterday",
            "ALTER USER app PASSWORD EXPIRE",
            "the user is identified by 'sub' in the claims",
            "SELECT id FROM users WHERE name = 'PASSWORD'",
            "CREATE TABLE keys (id int, name text DEFAULT 'identified')",
        ),
    ),
    "PASS": (
        (
            "PASS={secret}",
            "REDIS_PASS={secret} SMTP_HOST=mail",
            "MYSQL_ROOT_PASS='{secret}'",
            'DB_PASS="{secret}"',
            "pass={secret}&user=x",
            "dbPass={secret}",
            "smtp.pass: {secret}7a",
            '{{"user": "a", "pass": "{secret}"}}',
            '{{\\"pass\\":\\"{secret}\\"}}',
            "{{'smtp_pass': '{secret}'}}",
            "PASS%3D{secret}%26x",
        ),
        (
            "PASS: tests/canary/test_plan.py",
            "pass: 12 fail: 3",
            "pass=true bypass=enabled first-pass=done",
            "two_pass=enabled compass=north",
            '{{"pass": true, "outcome": "pass"}}'.replace("{{", "{").replace("}}", "}"),
            "result=pass in 3 s",
            "PASS=ok",
        ),
    ),
    "query": (
        (
            "GET /blob?sv=2026&sig={secret}&se=2026",
            "https://files.example/a?sig={secret}",
            "https://files.example/a?x=1&Signature={secret}&Expires=1",
            "https://files.example/a?hmac={secret}",
            "next=https%3A%2F%2Ffiles.example%2Fa%3Fsig%3D{secret}%26x",
            '{{"url": "https://files.example/a?x=1\\u0026sig={secret}"}}',
            "/a?sv=1&amp;sig={secret}&amp;x=1",
            "wss://x.example/?jwt={secret}",
        ),
        (
            "GET /api/v1/models?signal=primary-of-the-group",
            "GET /search?design=responsive-layouts&sigma=0.25",
            "GET /x?auth=basic",
            "GET /x?sig=none",
        ),
    ),
    "escaped address": (
        (
            "postgresql:\\/\\/user:{secret}@db:5432\\/x",
            '{{"url":"https:\\/\\/user:{secret}@host\\/x"}}',
            '{{\\"url\\":\\"redis:\\\\/\\\\/:{secret}@cache\\\\/0\\"}}',
            "amqp:\\/\\/{secret}@queue",
            "url=postgres%3A%2F%2Fuser%3A{secret}%40db%3A5432%2Fx",
            "url=redis%253A%252F%252F%253A{secret}%2540cache",
            "mongodb+srv:\\/\\/user:{secret}@cluster.example",
        ),
        (
            '{"url":"https:\\/\\/host:8443\\/x","mail":"a@b.example"}',
            "url=http%3A%2F%2Fmlflow.local%3A5000%2Fhealth&by=a%40b.example",
            '{"image":"docker:\\/\\/registry.example\\/app@sha256:0f"}',
        ),
    ),
    "path": (
        (
            f"POST https://{SLACK}/services/T012AB3CD/B045EF6GH/{{secret}}",
            f"POST https://{SLACK}/triggers/T012AB3CD/8123456789012/{{secret}}",
            f'{{{{"url": "https:\\/\\/{SLACK}\\/services\\/T012AB3CD\\/B045EF6GH\\/{{secret}}"}}}}',
            "POST https://hooks.example.com/hooks/catch/123456/{secret}/",
            "POST https://ci.example.com/webhook/{secret}",
            "https://maker.example.com/trigger/event/with/key/{secret}",
            "GET /reset-password/{secret}",
            "GET /invite/{secret}?lang=en",
            "https://acme.webhook.office.com/webhookb2/{secret}@x/IncomingWebhook/y/z",
        ),
        (
            "POST /api/webhooks/123456789012",
            "GET /api/v1/keys/550e8400-e29b-41d4-a716-446655440000",
            "GET /tokens/mlflow-tracking-2026-development",
            "/app/.git/hooks/pre-commit-2026-of-the-platform",
            "GET /invite/welcome-to-the-platform-2026",
            "/webhook/deployments-of-the-registry-17",
            f"https://{SLACK}/",
        ),
    ),
    "quotes": (
        (
            "{{&#034;password&#034;:&#034;{secret}&#034;}}",
            "{{&amp;amp;quot;password&amp;amp;quot;:&amp;amp;quot;{secret}&amp;amp;quot;}}",
            "password&#x3d;&#x0022;{secret}&#x0022;",
            "{{\\x22token\\x22\\x3a\\x22{secret}\\x22}}",
            "%u0022token%u0022%u003a%u0022{secret}%u0022",
            "%25252522token%25252522%2525253A%25252522{secret}%25252522",
            "“password”: “{secret}” and more",
            "secretKey&equals;&quot;{secret}&quot;",
        ),
        (
            "it&#039;s &quot;well&quot;: &quot;yes&quot;",
            "“state”: “well”",
            "%22status%22%3A%22ok%22",
        ),
    ),
    "parts": (
        (
            "Authorization: Basic {secret}  {secret}",
            "Proxy-Authorization: Basic  {secret}   {secret}",
            "got {part}    {part}  {part} of the key",
            "got {part}\n  {part}\n  {part}\nof the key",
            "token: {part}   {part}",
            "DB_PASSWORD={part}  {part}\n{part}",
        ),
        (
            "started 3 workers   in 12 s  on i-0a1b2c3d4e5f60718  of us-east-1a",
            "ResourceInitializationError   TaskFailedToStart  ELBHealthChecks",
            "2026-11-29T12:00:00Z  ServiceA17  ListenerRuleB  PutMetricData",
        ),
    ),
}
