# ruff: noqa: E501 - commands stand on one line each, to be copied
"""The read-me of a pack: how it is checked with tools that are not ours. Pure."""

from __future__ import annotations

TEXT = """\
EVIDENCE PACK, CASE {reference}
Made {made} by {organisation}.

What you see is the inside of a file that was sealed to your key alone (age, X25519). Keep it where only
you can open it. No intimate picture is in it.

  report.pdf               for readers; signed
  case.json, tables/       the same for programs and spreadsheets
  captures/                pages without their pictures (WACZ), timestamps, screenshots with pictures blocked
  hashes/                  fingerprints of the pictures
  kept/, demands.json      what she kept, and who demands what
  custody.json             who did what to the evidence, each line over the one before
  authority/, organisation.pem   certificates
  manifest.json            SHA-256 and size of every other file; manifest.p7s its signature, manifest.tsr its timestamp

HOW TO CHECK IT, WITH STOCK TOOLS

1. Open the seal (https://age-encryption.org):
     age -d -i your-key.txt -o pack.zip {file}
   Any changed byte makes this fail.

2. Unpack, and compare every file with the manifest:
     unzip pack.zip -d pack && cd pack
     python3 -c "import json,hashlib;[print('OK' if hashlib.sha256(open(n,'rb').read()).hexdigest()==f['sha256'] else 'CHANGED',n) for n,f in json.load(open('manifest.json'))['files'].items()]"

3. The manifest's signature:
     openssl cms -verify -inform DER -binary -in manifest.p7s -content manifest.json -CAfile organisation.pem -purpose any -out /dev/null
   {signer}
   SHA-256 of the certificate: {fingerprint}

4. The manifest's timestamp (RFC 3161){no_stamp}:
     openssl ts -verify -in manifest.tsr -data manifest.json -CAfile authority/tsa.pem -untrusted authority/tsa.pem
   The time it swears to:
     openssl ts -reply -in manifest.tsr -text

5. A capture: take the WARC out of the WACZ, then check its own timestamp:
     unzip -p captures/0001-1/page.wacz archive/data.warc.gz > page.warc.gz
     openssl ts -verify -in captures/0001-1/page.warc.gz.tsr -data page.warc.gz -CAfile authority/tsa.pem -untrusted authority/tsa.pem
     wacz validate -f captures/0001-1/page.wacz

6. The signature inside report.pdf: any PDF reader that checks signatures, or
     pyhanko sign validate --trust organisation.pem --trust-replace report.pdf

All of it at once, where Efface is installed:
     efface pack verify {file} --identity your-key.txt

authority/tsa.pem and organisation.pem came with this pack. Where it matters, compare them with copies that you got by
another way: the authority publishes its own, and the organisation tells you the fingerprint above.
"""


def text(
    *, reference: str, organisation: str, made: str, file: str, signer: str, fingerprint: str, stamped: bool
) -> bytes:
    no_stamp = "" if stamped else " - this pack has none: no authority was set up, or it did not answer"
    return TEXT.format(
        reference=reference, organisation=organisation, made=made, file=file, signer=signer, fingerprint=fingerprint,
        no_stamp=no_stamp,
    ).encode()  # fmt: skip
