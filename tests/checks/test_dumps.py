"""Real dumps of a real Postgres, whole, cut anywhere, with flipped bits, and what is no dump at all."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import zlib

import pytest

from checks import _archive, _dumps
from checks._dumps import Damaged, Unread, read
from checks._stream import Stream
from tests.checks.dumping import dumps, unfolded

__all__ = ["dumps"]
SAID = {
    "custom": "custom", "uncompressed": "custom", "plain": "plain", "inserts": "plain", "gzip": "plain in gzip",
    "custom in gzip": "custom in gzip", "zstd": "plain in zstd", "lz4": "plain in lz4", "xz": "plain in xz",
    "bzip2": "plain in bzip2", "schema": "plain", "tar": "tar", "directory": "tar in gzip",
}  # fmt: skip
FULL = {"public.prescriptions", "public.audit_logs", "public.empty_one"}


@pytest.mark.parametrize("kind", SAID)
def test_a_whole_dump_is_whole(kind, dumps, tmp_path) -> None:
    file = tmp_path / "x"
    file.write_bytes(dumps[kind])
    found = read(file)
    assert found.kind == SAID[kind]
    if kind != "schema":
        assert set(found.tables) == (FULL - {"public.empty_one"} if kind == "inserts" else FULL)
    if found.kind.startswith(("custom", "tar")):
        assert found.database == "postgres"
        assert found.made is not None
        assert found.entries > len(found.tables)


def test_a_directory_is_whole_and_each_file_of_it_is_needed(dumps, tmp_path) -> None:
    folder = unfolded(dumps["directory"], tmp_path / "x")
    assert (read(folder).kind, set(read(folder).tables)) == ("directory", FULL)
    for each in sorted(folder.iterdir()):
        whole = each.read_bytes()
        for raw in (whole[: len(whole) // 2], whole[:-1]):
            each.write_bytes(raw)
            with pytest.raises(Damaged):
                read(folder)
        each.unlink()
        with pytest.raises(Unread if each.name == "toc.dat" else Damaged):
            read(folder)
        each.write_bytes(whole)


CUT = [kind for kind in SAID if kind != "inserts"]
PRECISE = [kind for kind in CUT if SAID[kind] != "plain"]  # whose end is known to the byte


@pytest.mark.parametrize("kind", CUT)
def test_a_dump_that_was_cut_anywhere_is_seen(kind, dumps, tmp_path) -> None:
    """At every tenth, and by a single byte at the end of those whose end is known to the byte."""
    whole, file = dumps[kind], tmp_path / "x"
    cuts = [len(whole) * tenth // 10 for tenth in range(10)]
    cuts += [len(whole) - 1] if kind in PRECISE else [len(whole) - 500]
    for cut in cuts:
        file.write_bytes(whole[:cut])
        with pytest.raises(Damaged):
            read(file)


@pytest.mark.parametrize("kind", sorted(set(PRECISE) - {"xz", "bzip2"}))
def test_something_behind_the_end_is_seen(kind, dumps, tmp_path) -> None:
    """Behind xz and bzip2 anything may follow, by custom: the unpacker passes it over."""
    file = tmp_path / "x"
    file.write_bytes(dumps[kind] + b"junk behind it")
    with pytest.raises(Damaged):
        read(file)


def inside(kind: str, raw: bytes) -> object:
    """What a dump holds, in the form that a flipped bit would have to change to do harm."""
    if kind == "gzip":
        return gzip.decompress(raw)
    held: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_archive, "_inflated", lambda chunks: held.append(zlib.decompress(b"".join(chunks))) or b"\\.\n")
        _archive.custom(Stream(io.BytesIO(raw).read))
    return held


@pytest.mark.parametrize(("kind", "least"), [("gzip", 0.95), ("custom", 0.9)])
def test_a_flipped_bit_in_the_data_is_always_seen(kind, least, dumps, tmp_path) -> None:
    """What stays unseen changes nothing: the same rows packed otherwise, a stamp in the gzip's head; or, in the custom
    format, a letter of the table of contents, which has no checksum: against that helps a .sha256 file."""
    chance, file, whole = random.Random(5), tmp_path / "x", dumps[kind]
    same, unseen, flips = inside(kind, whole), 0, 400
    for _ in range(flips):
        at = chance.randrange(len(whole))
        flipped = whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
        file.write_bytes(flipped)
        try:
            read(file)
        except (Damaged, Unread):
            continue
        unseen += 1
        assert inside(kind, flipped) == same, f"a bit of byte {at} changed what is inside, and nobody saw it"
    assert 1 - unseen / flips >= least


def test_the_checksum_beside_a_dump_finds_every_flipped_bit(dumps, tmp_path) -> None:
    file, whole = tmp_path / "x.dump", dumps["uncompressed"]
    _dumps.side(file).write_text(f"{hashlib.sha256(whole).hexdigest()}  x.dump\n")
    file.write_bytes(whole)
    assert read(file).checked
    chance = random.Random(6)
    for _ in range(50):
        at = chance.randrange(len(whole))
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :])
        with pytest.raises((Damaged, Unread)):
            read(file)
    _dumps.side(file).write_text("<html>no such file</html>")
    with pytest.raises(Unread):
        read(file)


def test_rows_are_not_taken_from_the_body_of_a_function(tmp_path) -> None:
    body = "CREATE FUNCTION f() RETURNS void AS $$\nINSERT INTO public.patients VALUES (1);\n$$ LANGUAGE sql;\n"
    text = (
        "--\n-- PostgreSQL database dump\n--\n\n--\n-- Name: f(); Type: FUNCTION; Schema: public; Owner: a\n--\n\n"
        f"{body}\n--\n-- Data for Name: Odd one; Type: TABLE DATA; Schema: public; Owner: a\n--\n\n"
        'COPY public."Odd one" (id, "from") FROM stdin;\nCOPY public.fake (id) FROM stdin;\n\\.\n\n'
        f"INSERT INTO public.big VALUES ('{'x' * 3_000_000}\nINSERT');\n"
        "--\n-- PostgreSQL database dump complete\n--\n"
    )
    (tmp_path / "x").write_text(text)
    assert read(tmp_path / "x").tables == ("public.Odd one", "public.big")


@pytest.mark.parametrize(
    "raw",
    [
        b"age-encryption.org/v1\n-> X25519 abc",
        b"Salted__" + bytes(64),
        b"-----BEGIN PGP MESSAGE-----\n",
        b"PGDMP\x01\x63\x00\x04\x08\x01" + bytes(200),
        b"PGDMP\x01\x10\x00\x04\x08\x01\x09" + bytes(200),
    ],
)
def test_a_format_that_nobody_here_can_read_is_not_called_damaged(raw, tmp_path) -> None:
    (tmp_path / "x").write_bytes(raw)
    with pytest.raises(Unread) as caught:
        read(tmp_path / "x")
    assert caught.value.words


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>error</html>",
        b"PGDMP",
        b"PGDMP" + b"\xff" * 60,
        b"\x1f\x8b" + b"x" * 50,
        random.Random(1).randbytes(500),
    ],
)
def test_what_is_no_dump_is_said_so(raw, tmp_path) -> None:
    (tmp_path / "x").write_bytes(raw)
    with pytest.raises(Damaged) as caught:
        read(tmp_path / "x")
    assert caught.value.words
