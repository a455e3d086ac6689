"""Requests of each method, and who signs them."""

from pydantic import SecretStr

from ven_daemon.vtn.token import BearerToken, NoCredential
from ven_daemon.wire.profile import Request

NOBODY = NoCredential()
TOKEN = BearerToken(SecretStr("t0ken"))
GET = Request("GET", "vens")
POST = Request("POST", "vens", body=b"{}")
PUT = Request("PUT", "vens/1", body=b"{}")
DELETE = Request("DELETE", "vens/1")
