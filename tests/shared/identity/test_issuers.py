"""The platform's own issuers can say no more than they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.identity.development import DevelopmentIssuer
from shared.identity.errors import Unauthenticated
from shared.identity.issuers import GATEWAY, INTAKE, PLATFORM, PlatformIssuer, Signer
from shared.identity.keys import KeyMissing, ensure_development_keys
from shared.identity.refs import grievance_ref, subject_ref
from shared.identity.roles import Role
from shared.identity.tokens import TokenVerifier
from tests.shared.identity.builders import REFERENCE_KEY

OTHERS = "http://idp.example"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    ensure_development_keys(tmp_path)
    return tmp_path


def verifier(keys: Path) -> TokenVerifier:
    return TokenVerifier([str(keys / "issuer.jwks.json")], [OTHERS], "minyi", REFERENCE_KEY, keys_dir=keys)


@pytest.mark.parametrize("own", PLATFORM)
async def test_an_issuer_of_the_platform_gives_its_one_role_and_no_other(keys: Path, own: PlatformIssuer) -> None:
    token = own.signer(keys, "minyi").mint({"sub": "x", "grievance": "g", "roles": list(Role)}).token
    assert (await verifier(keys).verify(token)).roles == {own.role}


async def test_only_intake_opens_a_grievance(keys: Path) -> None:
    claims = {"sub": "grievance:g", "grievance": "g", "roles": [Role.RESIDENT]}
    outside = DevelopmentIssuer(env="development", keys_dir=keys, issuer=OTHERS, audience="minyi").mint(claims).token
    machine = GATEWAY.signer(keys, "minyi").mint(claims).token
    opened = INTAKE.signer(keys, "minyi").mint(claims).token
    wanted = grievance_ref(REFERENCE_KEY, "g")
    assert (await verifier(keys).verify(outside)).refs == {subject_ref(REFERENCE_KEY, "grievance:g")}
    assert wanted not in (await verifier(keys).verify(machine)).refs
    assert (await verifier(keys).verify(opened)).refs == {wanted}


async def test_one_issuer_cannot_sign_for_another(keys: Path) -> None:
    forged = Signer(keys, "gateway", INTAKE.issuer, "minyi").mint({"sub": "grievance:g", "grievance": "g", "roles": ["RESIDENT"]}).token
    with pytest.raises(Unauthenticated):
        await verifier(keys).verify(forged)


async def test_an_opening_that_names_no_grievance_is_no_token(keys: Path) -> None:
    with pytest.raises(Unauthenticated):
        await verifier(keys).verify(INTAKE.signer(keys, "minyi").mint({"sub": "grievance:"}).token)


async def test_without_the_keys_directory_the_platform_has_no_issuers(keys: Path) -> None:
    token = INTAKE.signer(keys, "minyi").mint({"sub": "grievance:g", "grievance": "g"}).token
    with pytest.raises(Unauthenticated) as refused:
        await TokenVerifier([str(keys / "issuer.jwks.json")], [OTHERS], "minyi", REFERENCE_KEY).verify(token)
    assert refused.value.code == "TOKEN_ISSUER"


def test_a_missing_pair_names_its_mend(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match=r"python -m shared\.identity\.keys"):
        INTAKE.signer(tmp_path, "minyi")
