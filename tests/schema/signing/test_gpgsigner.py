"""Signing by the gpg program, with keys that only it can use."""

from __future__ import annotations

import subprocess

import pytest

from holdfast.schema.errors import NoSuchKey, SigningFailed
from holdfast.schema.gpgsigner import GpgSigner
from holdfast.schema.identity import secret_ring
from holdfast.schema.signing import sign
from holdfast.schema.verifying import SignerKeys, verify


@pytest.fixture
def signer(gpg, key) -> GpgSigner:
    return GpgSigner(key.public.fingerprint, home=gpg.home)


def test_it_is_the_same_key_as_in_the_ring(signer, key):
    assert signer.public == key.public


@pytest.mark.parametrize("time", [1, 1400000000, 1700000000, 1795198435, 4000000000])
def test_what_gpg_signs_verifies_and_says_the_time_asked_for(time, signer, find_key, text_by):
    verified = verify(sign(text_by(signer), signer, time=time), find_key)
    assert (verified.key, verified.time) == (signer.public, time)


@pytest.mark.parametrize("name", ["0x21CA57FD", "0CDFB6D221CA57FD", "(camlistore)"])
def test_any_name_that_gpg_knows_a_key_by_will_do(name, gpg, key):
    assert GpgSigner(name, home=gpg.home).public == key.public


@pytest.mark.parametrize("name", ["nobody@example.org", "--version", "-v", "-", ""])
def test_other_names_fit_no_key(name, gpg):
    with pytest.raises(NoSuchKey):
        GpgSigner(name, home=gpg.home)


@pytest.mark.parametrize("algorithm", ["ed25519", "nistp256", "dsa2048"])
def test_keys_of_other_algorithms_sign_too(algorithm, gpg, keyring, text_by):
    signer = GpgSigner(gpg.new_key(f"by {algorithm}", algorithm=algorithm), home=gpg.home)
    keyring.add(signer)
    find_key = SignerKeys(keyring)
    for number in range(5):
        text = text_by(signer, value=str(number))
        assert verify(sign(text, signer, time=2000000000), find_key).key == signer.public


def test_a_subkey_that_signs_is_passed_over(gpg, keyring, text_by):
    fingerprint = gpg.new_key("with a subkey", algorithm="ed25519")
    gpg.run("--passphrase", "", "--quick-add-key", fingerprint, "ed25519", "sign")
    signer = GpgSigner(fingerprint, home=gpg.home)
    keyring.add(signer)
    signed = sign(text_by(signer), signer, time=2000000000)
    assert verify(signed, SignerKeys(keyring)).key.fingerprint == fingerprint


def test_a_key_whose_subkeys_alone_are_here_cannot_sign_as_perkeep_wants(gpg, new_gpg):
    name = "its secret is elsewhere"
    fingerprint = gpg.new_key(name, algorithm="ed25519")
    gpg.run("--passphrase", "", "--quick-add-key", fingerprint, "ed25519", "sign")
    subkeys = gpg.run("--export-secret-subkeys", fingerprint)
    with pytest.raises(SigningFailed, match="subkeys alone"):
        GpgSigner(fingerprint, home=new_gpg(subkeys).home)


def test_a_key_under_a_passphrase_signs_when_the_agent_may_use_it(gpg, keyring, text_by):
    name = "under a passphrase"
    gpg.run("--passphrase", "open", "--quick-gen-key", name, "ed25519", "sign", "never")
    signer = GpgSigner(gpg.fingerprint(name), home=gpg.home)
    subprocess.run(["gpg-connect-agent", "--homedir", gpg.home, "reloadagent", "/bye"], check=True)
    with pytest.raises(SigningFailed):
        sign(text_by(signer), signer, time=2000000000)
    # The agent remembers what it was told once.
    loopback = ["--pinentry-mode", "loopback", "--passphrase", "open"]
    gpg.detached(b"", gpg.fingerprint(name), *loopback)
    keyring.add(signer)
    signed = sign(text_by(signer), signer, time=2000000000)
    assert verify(signed, SignerKeys(keyring)).key == signer.public


def test_without_the_program_the_error_names_it(key):
    with pytest.raises(SigningFailed, match="no-such-program"):
        GpgSigner(key.public.fingerprint, program="/no-such-program")


def test_what_gpg_signs_wrongly_is_never_taken(ring, new_gpg, find_key, text_by):
    # Perkeep's ring as it is has its primes in the order in which GnuPG sometimes fails.
    gpg = new_gpg(ring)
    signer = GpgSigner("(camlistore)", home=gpg.home)
    for number in range(60):
        assert verify(sign(text_by(signer, value=str(number)), signer, time=1800000000), find_key)


def test_what_people_have_in_their_gpg_conf_does_no_harm(key, new_gpg, find_key, text_by):
    gpg = new_gpg(secret_ring(key, is_armored=False))
    with (gpg.home / "gpg.conf").open("a") as settings:
        settings.write("armor\ntextmode\ndigest-algo SHA512\ndefault-sig-expire 1y\n")
    signer = GpgSigner("(camlistore)", home=gpg.home)
    assert verify(sign(text_by(signer), signer, time=1800000000), find_key).key == key.public
