"""Certificates of a test's own."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_certificates(folder: Path, name: str = "IP:127.0.0.1") -> None:
    """A CA, another CA, and a server's certificate by the first; ``name``: as OpenSSL writes it."""
    script = f"""
    for ca in ca other; do
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=test $ca" \\
            -keyout $ca.key -out $ca.pem
    done
    openssl req -newkey rsa:2048 -nodes -subj /CN=server -keyout server.key -out server.csr
    echo subjectAltName={name} > san
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial \\
        -extfile san -out server.pem
    """
    folder.mkdir()
    subprocess.run(["bash", "-ec", script], cwd=folder, check=True, capture_output=True)


def server_options(folder: Path) -> list[str]:
    """By which mariadbd shows that certificate."""
    files = {"cert": "server.pem", "key": "server.key", "ca": "ca.pem"}
    return [f"--ssl-{option}={folder / name}" for option, name in files.items()]
