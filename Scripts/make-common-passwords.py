#!/usr/bin/env python3
"""Writes Sources/CCommonPasswords/common-passwords.txt anew.

    pip install zxcvbn==4.5.0
    Scripts/make-common-passwords.py

A password is kept if an account could have it: at least 8 bytes. The list is in lower case and in Unicode
normalization form C, sorted by bytes, without repetitions, one to a line, as CommonPasswords.swift searches it.
"""

import pathlib
import unicodedata

from zxcvbn.frequency_lists import FREQUENCY_LISTS

MINIMUM_LENGTH = 8

passwords = (unicodedata.normalize("NFC", password.lower()).encode() for password in FREQUENCY_LISTS["passwords"])
kept = sorted({password for password in passwords if len(password) >= MINIMUM_LENGTH and b"\n" not in password})

root = pathlib.Path(__file__).resolve().parent.parent
path = root / "Sources" / "CCommonPasswords" / "common-passwords.txt"
path.write_bytes(b"".join(password + b"\n" for password in kept))
print(f"{len(kept)} passwords in {path.relative_to(root)}")
