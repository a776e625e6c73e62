"""What a sink's URL says: where events go, which ones, from when on, and in which form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from app.event_filter import MAX_ITEMS, are_types

URL_LIMIT = 2048
COMMON = {"types", "from", "format", "topic", "name"}
# The options that each scheme has of its own.
REDIS = {"stream", "maxlen"}
TLS = {"ca", "certificate", "private_key", "private_key_password"}
OPTIONS = {
    "kafka": {"key", "security", "sasl", "user", "password"} | TLS,
    "sqs": {"key", "region", "endpoint"},
    "redis": REDIS,
    "rediss": REDIS,
}
KEYS = ("ledger", "wallet", "transaction")
SECURITY = ("plaintext", "ssl", "sasl_plaintext", "sasl_ssl")
FIELDS = re.compile(r"\{(ledger|type)\}")


class BadSink(ValueError):
    """A URL that can't be used; the text says why, without the URL's secrets."""


@dataclass(frozen=True, slots=True)
class SinkUrl:
    """topic: where in the system, with {ledger} and {type} in it. start: now, beginning or a seq.
    name: has no secrets."""

    url: str
    scheme: str
    hosts: str
    path: str
    user: str | None
    password: str | None
    topic: str
    types: tuple[str, ...]
    start: str
    format: str
    name: str
    options: Mapping[str, str]

    @property
    def places(self) -> tuple[str, ...]:
        """The host:port, or host alone, of everything that the sink connects to."""
        if self.scheme != "sqs":
            return tuple(self.hosts.split(","))
        endpoint = self.options.get("endpoint")
        if not endpoint:
            return (f"sqs.{self.options.get('region', '')}.amazonaws.com",)
        return (urlsplit(endpoint).netloc.lower(),)

    def topic_of(self, ledger: str, type_: str) -> str:
        return FIELDS.sub(lambda m: ledger if m[1] == "ledger" else type_, self.topic)


def parse_sink_url(url: str) -> SinkUrl:
    """Parse a sink's URL. Raises BadSink."""
    if len(url) > URL_LIMIT or not url.isascii() or re.search(r"[\x00-\x20\x7f]", url):
        raise BadSink(f"a sink's URL has at most {URL_LIMIT} printable ASCII characters")
    try:
        parts = urlsplit(url)
        given = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise BadSink("it is not a URL with options such as ?types=transaction.*") from None
    if parts.scheme not in OPTIONS:
        raise BadSink("a sink's URL begins with kafka://, sqs://, redis:// or rediss://")
    options = dict(given)
    if len(options) < len(given):
        raise BadSink("an option is given twice")
    unknown = sorted(options.keys() - COMMON - OPTIONS[parts.scheme])
    if unknown:
        known = ", ".join(sorted(COMMON | OPTIONS[parts.scheme]))
        raise BadSink(f"{unknown[0]!r} is no option of {parts.scheme}://; known are {known}")
    user, at, hosts = parts.netloc.rpartition("@")
    topic = options.get("topic") or default_topic(parts.scheme, hosts, parts.path, options)
    if not topic or re.search(r"[{}]", FIELDS.sub("", topic)):
        raise BadSink(
            "it must say where: kafka://host:9092/topic, sqs://queue, redis://host?stream=name;"
            " {ledger} and {type} may be part of it"
        )
    name, _, password = user.partition(":")
    sink = SinkUrl(
        url=url,
        scheme=parts.scheme,
        hosts=hosts,
        path=parts.path,
        user=unquote(name) if at else options.get("user"),
        password=unquote(password) if password else options.get("password"),
        topic=topic,
        types=tuple((options.get("types") or "*").split(",")),
        start=options.get("from") or "now",
        format=options.get("format") or "standard",
        name=options.get("name") or default_name(parts.scheme, hosts, parts.path, topic),
        options=options,
    )
    check(sink)
    return sink


def default_topic(scheme: str, hosts: str, path: str, options: Mapping[str, str]) -> str:
    if scheme == "kafka":
        return unquote(path.strip("/"))
    return unquote(hosts) if scheme == "sqs" else options.get("stream", "")


def default_name(scheme: str, hosts: str, path: str, topic: str) -> str:
    """Return what tells the sink from others and has no secret. Two sinks that go to one place need
    names."""
    if scheme == "sqs":
        return f"sqs://{topic}"
    place = path if scheme.startswith("redis") else ""
    return f"{scheme}://{hosts}{place}/{topic}"


CHOICES = {"format": ("standard", "cloudevents"), "key": KEYS, "security": SECURITY}
FORMS = {
    "from": (r"now|beginning|[1-9][0-9]{0,17}", "now, beginning, or the seq of the first event"),
    "region": (r"[a-z0-9-]{1,32}", "a region of AWS, such as eu-central-1"),
    # A user name would hide the true host behind an @.
    "endpoint": (
        r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[^@\\]*)?",
        "https:// or http:// and a host, without a user name",
    ),
    "maxlen": (r"[1-9][0-9]{0,11}", "a number of entries"),
    "name": (r"[ -~]{1,512}", "1 to 512 characters"),
}


def check(sink: SinkUrl) -> None:
    """Check the options. Raises BadSink."""
    for option, choices in CHOICES.items():
        if sink.options.get(option, choices[0]) not in choices:
            raise BadSink(f"{option}= is one of {', '.join(choices)}")
    for option, (form, words) in FORMS.items():
        if option in sink.options and not re.fullmatch(form, sink.options[option]):
            raise BadSink(f"{option}= is {words}")
    if not sink.hosts and sink.scheme != "sqs":
        raise BadSink("it names no host")
    if not are_types(sink.types):
        raise BadSink(
            f"types= takes up to {MAX_ITEMS} such as *, transaction.posted, transaction.*"
        )
    if sink.scheme.startswith("redis") and not re.fullmatch(r"/?[0-9]{0,4}", sink.path):
        raise BadSink("the path of redis:// is the number of its database, such as /0")
