"""Sign a finished MP4 with C2PA metadata: how it was made, and that it is unchanged.

The key is the installation's own, created on first use, or an operator's. No authority certifies
an own key: readers show the signature as valid and the signer as unknown.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ttsf.errors import TtsfError, needing
from ttsf.media.files import home_folder, new_file
from ttsf.provenance.embed.payload import Payload
from ttsf.provenance.embed.tags import PRODUCER

KEY_VARIABLE = "TTSF_SIGNING_KEY"
"""Path of a PEM with a private key (EC P-256) and its certificates, the signer's first."""
MIME = "video/mp4"
GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""The IPTC's source type for the output of a trained model."""
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
"""The same for such output together with other media, here a recording."""
RECORDED = "The face was generated; the sound is a recording."
PORTRAIT = "org.ttsf.portrait"
VALID = timedelta(days=3650)
SETTINGS = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
"""Forbid network access."""


def check_signing() -> None:
    """Raise TtsfError if signing is impossible: a missing package or an unreadable key."""
    with _library() as c2pa:
        _signer(c2pa)


def sign(video: Path, portrait: str, payload: Payload, recorded: bool = False) -> None:
    """Sign a finished MP4 in place.

    portrait: SHA-256 of the portrait's pixels. recorded: its sound is a real recording. Raises
    TtsfError if it fails.
    """
    action = {"action": "c2pa.created", "digitalSourceType": GENERATED}
    if recorded:
        action |= {"digitalSourceType": COMPOSITE, "description": RECORDED}
    manifest = {
        "claim_generator_info": [{"name": PRODUCER}],
        "title": f"{PRODUCER} {payload.name}",
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [action]}},
            {"label": PORTRAIT, "data": {"alg": "sha256", "hash": portrait}},
        ],
    }
    with _library() as c2pa, tempfile.TemporaryFile(dir=video.parent) as target:
        signer = _signer(c2pa)
        try:
            with video.open("rb") as source:
                c2pa.Builder(manifest, _offline(c2pa)).sign(signer, MIME, source, target)
        except c2pa.C2paError as error:
            raise TtsfError(f"the video cannot be signed ({error})") from None
        target.seek(0)
        with video.open("wb") as signed:
            shutil.copyfileobj(target, signed)


def read_signature(file: Path) -> dict[str, Any] | None:
    """Read the signature of an MP4: signer, validity, and whether it declares generated content.

    None if there is no signature, or no package to read it.
    """
    try:
        with _library() as c2pa, file.open("rb") as source:
            try:
                with c2pa.Reader(MIME, source, context=_offline(c2pa)) as reader:
                    read = json.loads(reader.json())
            except c2pa.C2paError:
                return None
    except TtsfError:
        return None
    manifest = read["manifests"][read["active_manifest"]]
    failures = read.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    codes = [failure["code"] for failure in failures]
    assertions = json.dumps(manifest.get("assertions", []))
    return {
        "valid": read.get("validation_state") in ("Valid", "Trusted"),
        "trusted": read.get("validation_state") == "Trusted",
        "by": manifest.get("signature_info", {}).get("issuer"),
        "generated": any(source in assertions for source in (GENERATED, COMPOSITE)),
        "doubts": codes,
    }


@contextmanager
def _library() -> Iterator[Any]:
    with needing("signing", "c2pa-python", "provenance"):
        import c2pa
        import cryptography  # noqa: F401 (both belong to the extra)
    yield c2pa


def _offline(c2pa: Any) -> Any:
    return c2pa.Context.from_dict(SETTINGS)


def _signer(c2pa: Any) -> Any:
    """Create the signer; raises TtsfError for an unusable key."""
    path = _key_path()
    try:
        pem = path.read_bytes() if path.exists() else _new_key(path)
    except OSError as error:
        raise TtsfError(f"{path}: {error.strerror or error}") from error
    begin = pem.find(b"-----BEGIN CERTIFICATE-----")
    try:
        info = c2pa.C2paSignerInfo(b"es256", pem[begin:], pem[:begin], None)
        return c2pa.Signer.from_info(info)
    except c2pa.C2paError as error:
        raise TtsfError(f"{path}: no key and certificates to sign with ({error})") from None


def _key_path() -> Path:
    if given := os.environ.get(KEY_VARIABLE):
        if not Path(given).is_file():
            raise TtsfError(f"{KEY_VARIABLE}: {given}: no such file")
        return Path(given)
    settings = os.environ.get("XDG_CONFIG_HOME")
    home = Path(settings) if settings else home_folder(f"set {KEY_VARIABLE}") / ".config"
    return home / PRODUCER / "signing.pem"


def _new_key(path: Path) -> bytes:
    """Create a key with certificates, in a file that only its owner can read."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    root, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = private + _certificate(key.public_key(), root) + _certificate(root.public_key(), root)
    with new_file(path) as place:
        place.chmod(0o600)
        place.write_bytes(pem)
    return pem


def _certificate(key: Any, root: Any) -> bytes:
    """Create a certificate for a public key, signed by the root's private key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def named(name: str) -> x509.Name:
        organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "an installation of ttsf")
        return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, name)])

    top, now = key == root.public_key(), datetime.now(UTC)
    usage = x509.KeyUsage(not top, False, False, False, False, top, top, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(named("root" if top else "signer"))
        .issuer_name(named("root"))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.BasicConstraints(top, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False
        )
    )
    if not top:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        certificate = certificate.add_extension(purpose, critical=False)
    return certificate.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
