"""The guide's code that verifies a webhook takes what we sign, in five languages, and refuses
everything else."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.webhook_secret import EndpointSecret, endpoint_secret
from relay.webhooks.signing import signature, signer, symmetric
from tests.docs.blocks import ROOT, blocks

pytestmark = pytest.mark.once

GUIDE = ROOT / "docs/guides/webhooks.md"
SECRETS = ROOT / "docs/guides/secrets.md"
CODE = {block.language: block.text for block in blocks(GUIDE)}
KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
BODY = '{"id":"1","data":{"metadata":{"name":"Zoë"}}}'.encode()

# After the guide's code: for each case of cases.json print "right" or "wrong".
TAILS = {
    "python": """
import json
for case in json.load(open("cases.json")):
    try:
        verify(case["secret"], case["headers"], case["body"].encode())
        print("right")
    except ValueError:
        print("wrong")
""",
    "javascript": """
for (const one of require("./cases.json")) {
  try {
    verify(one.secret, one.headers, Buffer.from(one.body));
    console.log("right");
  } catch (error) {
    console.log("wrong");
  }
}
""",
    "ruby": """
require "json"
JSON.parse(File.read("cases.json")).each do |one|
  verify(one["secret"], one["headers"], one["body"])
  puts "right"
rescue StandardError
  puts "wrong"
end
""",
    "php": """
foreach (json_decode(file_get_contents('cases.json'), true) as $one) {
    try {
        verify($one['secret'], $one['headers'], $one['body']);
        echo "right\\n";
    } catch (RuntimeException) {
        echo "wrong\\n";
    }
}
""",
}
GO_MAIN = """package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

func main() {
	var cases []struct {
		Secret, Body string
		Headers      map[string]string
	}
	text, _ := os.ReadFile("cases.json")
	if err := json.Unmarshal(text, &cases); err != nil {
		panic(err)
	}
	for _, one := range cases {
		header := http.Header{}
		for name, value := range one.Headers {
			header.Set(name, value)
		}
		if verify(one.Secret, header, []byte(one.Body)) == nil {
			fmt.Println("right")
		} else {
			fmt.Println("wrong")
		}
	}
}
"""
RUN = {
    "python": [sys.executable, "code.python"],
    "javascript": ["node", "code.javascript"],
    "go": ["go", "run", "."],
    "ruby": ["ruby", "code.ruby"],
    "php": ["php", "code.php"],
}


def case(
    signed: bytes = BODY, body: bytes = BODY, age_s: int = 0, before: str = "", secret: str = SECRET
) -> dict[str, object]:
    at = int(time.time()) - age_s
    value = before + signature([symmetric(KEY)], "msg_1", at, signed)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": value}
    return {"secret": secret, "headers": headers, "body": body.decode()}


def cases() -> list[tuple[dict[str, object], str]]:
    other = base64.b64encode(bytes(32)).decode()
    return [
        (case(), "right"),
        (case(before="v1,b2xk v1a,c29tZQ== "), "right"),
        (case(body=BODY + b" "), "wrong"),
        (case(age_s=400), "wrong"),
        (case(age_s=-400), "wrong"),
        (case(secret=f"whsec_{other}"), "wrong"),
    ]


async def test_the_guides_code_checks_asymmetric_signatures() -> None:
    (code,) = (one.text for one in blocks(SECRETS) if one.language == "python")
    found: dict[str, Any] = {}
    exec(code, found)
    made, other = endpoint_secret("asymmetric"), endpoint_secret("asymmetric")
    now = int(time.time())
    signers = [signer(other.secret), symmetric(KEY), signer(made.secret)]
    given = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(now),
        "webhook-signature": signature(signers, "msg_1", now, BODY),
    }

    def spelled(secret: EndpointSecret) -> str:
        assert secret.public_key is not None
        return "whpk_" + base64.b64encode(secret.public_key).decode()

    found["verify"](spelled(made), given, BODY)
    for key, headers, body in (
        (spelled(endpoint_secret("asymmetric")), given, BODY),
        (spelled(made), given, BODY + b" "),
        (spelled(made), {**given, "webhook-timestamp": str(now - 400)}, BODY),
    ):
        with pytest.raises(ValueError, match=r"wrong|too old"):
            found["verify"](key, headers, body)


@pytest.mark.parametrize("language", RUN)
def test_the_guides_code_takes_only_what_we_sign(language: str, tmp_path: Path) -> None:
    command, *rest = RUN[language]
    program = shutil.which(command) or shutil.which(command, path="/usr/local/go/bin")
    if program is None:
        pytest.skip(f"there is no {command} here")
    told = cases()
    (tmp_path / "cases.json").write_text(json.dumps([one for one, _ in told]))
    if language == "go":
        (tmp_path / "go.mod").write_text("module verify\n\ngo 1.21\n")
        (tmp_path / "verify.go").write_text(CODE["go"])
        (tmp_path / "main.go").write_text(GO_MAIN)
    else:
        (tmp_path / f"code.{language}").write_text(CODE[language] + TAILS[language])
    ran = subprocess.run(
        [program, *rest],
        cwd=tmp_path,
        env={**os.environ, "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == [verdict for _, verdict in told]
