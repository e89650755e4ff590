"""Requests made to hurt a server: each with the code of its refusal, or none where it is answered within the limits."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from typing import Any

MEBIBYTE = 1024 * 1024
LARGE, COSTLY, BAD, INPUT = "DOCUMENT_TOO_LARGE", "TOO_COSTLY", "BAD_REQUEST", "BAD_INPUT"


@dataclass(frozen=True)
class Attack:
    """One request. `code` is that of its refusal; None where it is answered, whatever its answer says of ids."""

    name: str
    body: bytes = b""
    code: str | None = "BAD_REQUEST"
    status: int = 400
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    address: str = ""


def asking(name: str, text: str, code: str | None, variables: Any = None, **more: Any) -> Attack:
    """A document."""
    body = json.dumps({"query": text, "variables": variables, **more}, ensure_ascii=False).encode()
    return Attack(name, body, code, 200 if code in (None, INPUT, "BAD_CURSOR") else 400)


def many(pattern: str, times: int) -> str:
    """The pattern with every number up to so many in the place of #."""
    return " ".join(pattern.replace("#", str(number)) for number in range(times))


def chain(levels: int, below: str = "{login}", on: str = "Viewer", wrapped: str = "...F#") -> str:
    """Fragments each of which spreads the next one twice."""
    links = (
        f"fragment F{level} on {on}{{{' '.join([wrapped.replace('#', str(level + 1))] * 2)}}}"
        for level in range(levels)
    )
    return f"{' '.join(links)} fragment F{levels} on {on}{below}"


def nested(opening: str, inmost: str, closing: str, levels: int) -> str:
    """The same in itself, so many levels deep."""
    return opening * levels + inmost + closing * levels


CYCLE = nested("members{household{", "id", "}}", 20)
WIDE = "households(first:100){nodes{%s}}"
JSON = b'{"query":"query($v:[ID!]!){nodes(ids:$v){id}}","variables":{"v":%s}}'

DOCUMENTS = (
    asking("aliases of a root field", "{" + many("a#:viewer{login}", 1_000) + "}", LARGE),
    asking("aliases of a value", "{viewer{" + many("a#:login", 1_000) + "}}", LARGE),
    asking("aliases by fragments", "{viewer{" + "...F " * 30 + "}} fragment F on Viewer{" + many("a#:login", 60) + "}", LARGE),
    asking("directives", "{viewer{login " + "@skip(if:false) " * 2_000 + "}}", LARGE),
    asking("directives that are none", "{viewer{login " + "@a " * 1_500 + "}}", LARGE),
    asking("directives of the operation", "query " + "@a " * 1_500 + "{viewer{login}}", LARGE),
    asking("directives of a variable", "query($v:Int " + "@a " * 1_500 + "){viewer{login}}", BAD),
    asking("a field ten thousand times", "{viewer{" + "login " * 10_000 + "}}", LARGE),
    asking("a field two thousand times", "{viewer{" + "login " * 1_990 + "}}", LARGE),
    asking("an object six hundred times", "{viewer{" + "division{code} " * 600 + "}}", LARGE),
    asking("an object in inline fragments", "{viewer{" + "...{division{code}} " * 500 + "}}", LARGE),
    asking("sixty fragments of one object", "{viewer{" + many("...F#", 59) + "}}"
           + many("fragment F# on Viewer{" + "division{code nameZh} " * 6 + "}", 59), LARGE),
    asking("deep", "{node(id:\"x\"){...on Household{" + nested("members{household{", "id", "}}", 5) + "}}}", None),
    asking("deeper", "{node(id:\"x\"){...on Household{" + CYCLE + "}}}", LARGE),
    asking("deep and wide", "{" + WIDE % CYCLE + "}", LARGE),
    asking("deep in inline fragments", "{viewer" + nested("{...", "{login}", "}", 1_000) + "}", LARGE),
    asking("a chain of fragments", "{viewer{...F0}}" + chain(30), LARGE),
    asking("a chain of sixty fragments", "{viewer{...F0}}" + chain(58), LARGE),
    asking("a chain of fragments with fields", "{viewer{...F0}}" + chain(30, wrapped="login ...F#"), LARGE),
    asking("a chain in inline fragments", "{viewer{...F0}}" + chain(30, wrapped="...on Viewer{login ...{...F#}}"), LARGE),
    asking("a chain through an interface", "{node(id:\"x\"){...F0}}"
           + chain(30, "{id}", "Node", "id ...on Household{...F#} ...on Finding{...F#}"), LARGE),
    asking("a chain under fields", "{node(id:\"x\"){...on Household{...F0}}}"
           + chain(30, "{id}", "Household", "members{household{...F#}}"), LARGE),
    asking("a cycle of fragments", "{viewer{...A}} fragment A on Viewer{...B} fragment B on Viewer{...A}", BAD),
    asking("a cycle under fields", "{households{nodes{...A}}} fragment A on Household{members{household{...A}}}", BAD),
    asking("unknown fragments", "{viewer{" + many("...U#", 1_000) + "}}", BAD),
    asking("unused fragments", "{viewer{login}}" + many("fragment F# on Viewer{login}", 59), BAD),
    asking("too many fragments", "{viewer{login}}" + many("fragment F# on Viewer{login}", 500), LARGE),
    asking("many operations", many("query Q#{viewer{login}}", 1_000), LARGE),
    asking("many operations on one fragment", many("query Q#($v:Int){households(first:$v){nodes{...F}}}", 30)
           + " fragment F on Household{" + many("a#:findings(first:$v){id}", 190) + "}", BAD),
    asking("lists in lists", "{" + WIDE % ("findings(first:100){household{findings(first:100){household{findings(first:100){id}}}}}")
           + "}", COSTLY),
    asking("thirty pages at once", "{" + many("a#:" + WIDE % "id members{id name links(first:100){recordId}}", 30) + "}", COSTLY),
    asking("the schema thirty times", "{" + many("a#:__schema{types{fields{args{type{fields{args{name}}}}}}}", 30) + "}", LARGE),
    asking("the schema in itself", "{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}", BAD),
    asking("ten thousand ids in the document", "{nodes(ids:[" + "1 " * 10_000 + "]){id}}", LARGE),
    asking("four thousand ids in the document", "{nodes(ids:[" + "1 " * 4_000 + "]){id}}", INPUT),
    asking("ten thousand ids", "query($v:[ID!]!){nodes(ids:$v){id}}", LARGE, {"v": ["x"] * 10_000}),
    asking("a huge integer", "{households(first:" + "9" * 60_000 + "){nodes{id}}}", BAD),
    asking("a huge id", "{node(id:" + "9" * 60_000 + "){id}}", None),
    asking("a huge fraction", "{households(first:1e" + "9" * 60_000 + "){nodes{id}}}", BAD),
    asking("a huge text", '{node(id:"' + "a" * 60_000 + '"){id}}', None),
    asking("a huge block of text", '{node(id:"""' + "\n a" * 20_000 + '"""){id}}', None),
    asking("a huge name", "{" + "a" * 60_000 + "}", BAD),
    asking("names that are nearly ours", "{" + many("householdsxxx#", 30) + "}", BAD),
    asking("lists in lists in the document", "{nodes(ids:" + nested("[", "1", "]", 10_000) + "){id}}", LARGE),
    asking("objects in the document", "{households(filter:" + nested("{not:", "{}", "}", 1_000) + "){nodes{id}}}", LARGE),
    asking("many objects in the document", "{households(filter:{and:[" + '{name:"a"} ' * 800 + "]}){nodes{id}}}", LARGE),
    asking("a hundred objects in the document", "{households(filter:{and:[" + '{name:"a"} ' * 98 + "]}){nodes{id}}}", INPUT),
    asking("unknown fields of an object", "{households(filter:{" + many("n#:1", 1_500) + "}){nodes{id}}}", LARGE),
    asking("as many unknown fields as may be", "{households(filter:{" + many("n#:1", 500) + "}){nodes{id}}}", BAD),
    asking("unknown arguments", "{households(" + many("n#:1", 1_500) + "){nodes{id}}}", BAD),
    asking("an argument fifteen hundred times", "{households(" + "first:1 " * 1_500 + "){nodes{id}}}", BAD),
    asking("unknown values of an enumeration", "{households(filter:{stages:[" + many("X#", 3_000) + "]}){nodes{id}}}", BAD),
    asking("variables nobody uses", "query(" + many("$v#:Int", 1_200) + "){viewer{login}}", BAD),
    asking("commas", "{viewer{login" + "," * 60_000 + "}}", None),
    asking("blank lines", "{viewer{login" + "\n" * 60_000 + "}}", None),
    asking("comments", "{viewer{login}}" + "#\n" * 5_000, LARGE),
    asking("one long comment", "{viewer{login}}#" + "a" * 60_000, None),
    asking("a document too long", "{viewer{login}}#" + "a" * 100_000, LARGE),
    asking("a huge name of the operation", "query Q{viewer{login}}", BAD, operationName="Q" * 100_000),
    asking("a name that is no operation's", "query Q{viewer{login}}", BAD, operationName="__proto__"),
    asking("definitions of types", many("type T#{a:Int}", 50), BAD),
)  # fmt: skip

VARIABLES = (
    asking("objects in variables", "query($f:HouseholdFilter){households(filter:$f){nodes{id}}}", LARGE,
           json.loads('{"f":' + nested('{"not":', "{}", "}", 100) + "}")),
    Attack("objects deep in variables", b'{"query":"query($f:HouseholdFilter){households(filter:$f){nodes{id}}}","variables":{"f":'
           + nested('{"not":', "{}", "}", 20_000).encode() + b"}}"),
    asking("many objects in variables", "query($f:HouseholdFilter){households(filter:$f){nodes{id}}}", LARGE,
           {"f": {"and": [{"name": "a"}] * 10_000}}),
    asking("as many objects in variables as may be", "query($f:HouseholdFilter){households(filter:$f){nodes{id}}}", INPUT,
           {"f": {"and": [{"name": "a"}] * 599}}),
    asking("wide objects in variables", "query($f:HouseholdFilter){households(filter:$f){nodes{id}}}", BAD,
           {"f": {f"n{number}": 1 for number in range(4_000)}}),
    asking("many variables", "{viewer{login}}", LARGE, {f"v{number}": number for number in range(15_000)}),
    asking("many stages", "query($f:HouseholdFilter){households(filter:$f){nodes{id}}}", LARGE,
           {"f": {"stages": ["RECORDED"] * 15_000}}),
    asking("stages that are none", "query($f:HouseholdFilter){households(filter:$f){nodes{id}}}", BAD,
           {"f": {"stages": ["X"] * 4_900}}),
    asking("a page without end", "query($n:Int){households(first:$n){nodes{id}}}", INPUT, {"n": 2**31 - 1}),
    asking("a page beyond all integers", "query($n:Int){households(first:$n){nodes{id}}}", BAD, {"n": 2**63}),
    asking("a page of less than nothing", "query($n:Int){households(first:$n){nodes{id}}}", INPUT, {"n": -(2**31)}),
    asking("a long name to search", "query($f:HouseholdFilter){households(filter:$f){nodes{id}}}", None,
           {"f": {"name": "王" * 60_000}}),
    asking("a long cursor", "query($c:String){households(after:$c){nodes{id}}}", "BAD_CURSOR", {"c": "A" * 100_000}),
    Attack("lists in lists in variables", JSON % nested("[", "1", "]", 500).encode(), LARGE),
    Attack("lists deep in variables", JSON % nested("[", "1", "]", 100_000).encode()),
)  # fmt: skip

BODIES = (
    Attack("nothing", b""),
    Attack("eight mebibytes", b'{"query":"' + b"a" * 8 * MEBIBYTE + b'"}', status=413),
    Attack("a comment of two mebibytes", b'{"query":"{viewer{login}}#' + b"a" * 2 * MEBIBYTE + b'"}', status=413),
    Attack("JSON fifty thousand deep", b"[" * 50_000 + b"]" * 50_000),
    Attack("objects forty thousand deep", b'{"a":' * 40_000 + b"1" + b"}" * 40_000),
    Attack("no UTF-8", b'{"query":"\xff\xfe"}'),
    Attack("an overlong NUL", b'{"query":"\xc0\x80"}'),
    Attack("UTF-16", '{"query":"{viewer{login}}"}'.encode("utf-16")),
    Attack("a mark before the text", b'\xef\xbb\xbf{"query":"{viewer{login}}"}'),
    Attack("half a character", b'{"query":"{viewer{login}}#\\ud800"}'),
    Attack("NUL", b'{"query":"{viewer{login}}#\\u0000"}'),
    Attack("NUL as it is", b'{"query":"{viewer{login}}\x00"}'),
    Attack("not a number", JSON % b"NaN"),
    Attack("infinity", JSON % b"-Infinity"),
    Attack("more than any number", JSON % b"1e400"),
    Attack("the same key twice", b'{"query":"mutation{a}","query":"{viewer{login}}"}', None, 200),
    Attack("JSON with a comment", b'{"query":"{viewer{login}}"}//'),
    Attack("two texts of JSON", b'{"query":"{viewer{login}}"}{}'),
    Attack("a batch", b"[" + b",".join([b'{"query":"{viewer{login}}"}'] * 1_000) + b"]"),
    Attack("packed", gzip.compress(b'{"query":"{viewer{login}}"}'), headers={"content-encoding": "gzip"}),
    Attack("packed a thousandfold", gzip.compress(b" " * 50 * MEBIBYTE), headers={"content-encoding": "gzip"}),
    Attack("text", b"{viewer{login}}", status=415, headers={"content-type": "text/plain"}),
    Attack("a form", b"query={viewer{login}}", status=415, headers={"content-type": "application/x-www-form-urlencoded"}),
    Attack("files", b'--a\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{}\r\n--a--\r\n', status=415,
           headers={"content-type": "multipart/form-data; boundary=a"}),
    Attack("another character set", b'{"query":"{viewer{login}}"}', status=415,
           headers={"content-type": "application/json; charset=utf-16"}),
)  # fmt: skip

ADDRESSES = (
    Attack("a mutation by address", status=405, method="GET", address="query=mutation{startScan(input:{idempotencyKey:%22aaaaaaaa%22}){userErrors{code}}}"),
    Attack("variables by address", method="GET", address="query=query($i:ID!){node(id:$i){id}}&variables={%22i%22:%22x%22}"),
    Attack("a text by address", method="GET", address="query={node(id:%22x%22){id}}"),
    Attack("no text by address", method="GET", address="query=%ff%fe"),
    Attack("a thousand parameters", method="GET", address="&".join(["query={viewer{login}}"] * 1_000)),
    Attack("deep variables by address", method="GET", address="query={viewer{login}}&variables=" + "[" * 10_000),
)  # fmt: skip

ATTACKS = (*DOCUMENTS, *VARIABLES, *BODIES, *ADDRESSES)
