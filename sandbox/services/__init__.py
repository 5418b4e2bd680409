"""The platform's applications, each started with `python -m sandbox.services.NAME`.

NAME is one of `auth`, `api`, `mlflow` (started by the ECS agent from a task definition alone)
and `redis`, `database` (infrastructure, started by the supervisor).

`python -m sandbox.services.redis --host H --port P --data DIR` reads DIR/redis.json
`{"password": str, "delay_s": float, "refuse": bool}` anew for each command. Where DIR/redis.pem
(a certificate with its key) is, it speaks TLS and nothing else, as ElastiCache does with encryption
in transit.

`python -m sandbox.services.database --host H --port P --data DIR` reads DIR/database.json
`{"users": {user: password}, "delay_s": float}` anew for each connection. Database NAME exists
when the file DIR/NAME.sqlite exists; an empty file is a database without a schema.
"""
