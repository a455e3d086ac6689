"""What a token says of itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vtn.granting import jwt, world
from tests.vtn.servers import always
from ven_daemon.vtn.oauth import read_claims, scopes_of


def test_a_jwt_tells_its_claims() -> None:
    assert read_claims(jwt(scope="write_vens", sub="ø")) == {"scope": "write_vens", "sub": "ø"}


@given(st.one_of(st.text(), st.builds(lambda a, b: f"{a}.{b}.c", st.text(), st.text())))
def test_any_other_token_tells_nothing(token: str) -> None:
    assert isinstance(read_claims(token), dict)


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({}, set()),
        ({"scope": "write_vens read_all"}, {"write_vens", "read_all"}),
        ({"scp": ["write_vens"], "roles": ["x"], "scope": None}, {"write_vens", "x"}),
        ({"scope": [1, None, "write_vens"]}, {"write_vens"}),
        ({"scope": 5}, set()),
        ({"scope": True, "scp": 1.5}, set()),
        ({"roles": {"a": 1}}, set()),
    ],
    ids=str,
)
def test_scopes_are_words_wherever_they_stand(claims: dict[str, object], scopes: set[str]) -> None:
    assert scopes_of(claims) == scopes


@given(
    st.dictionaries(
        st.sampled_from(["scope", "scp", "roles"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ),
    )
)
def test_no_claims_break_anything(claims: dict[str, object]) -> None:
    assert all(isinstance(scope, str) for scope in scopes_of(claims))


async def test_claims_are_those_of_the_token_and_of_its_answer() -> None:
    async with world() as here:
        here.tokens = always(200, {"access_token": jwt(sub="me"), "scope": "read_all"})

        assert await here.credential.claims() == {"sub": "me", "scope": "read_all"}
