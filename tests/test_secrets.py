from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vidclf.errors import SourceRefusedError
from vidclf.secrets import MASK, STREAM_SCHEMES, SourceAddress, redact

# Anything that a user may type but blanks, which no address holds.
visible = st.characters(exclude_categories=("Cs", "Cc", "Z"))
awkward = st.one_of(st.sampled_from("@/:%?#&'\"<>=;\\[]é中"), visible)
passwords = st.text(awkward, min_size=3, max_size=24)
words = st.text(st.characters(categories=("Ll", "Lu")), max_size=8)


@given(
    scheme=st.sampled_from([*STREAM_SCHEMES, "ftp", "git+ssh", "RTSP", "x-y.z"]),
    user=st.text(st.characters(categories=("Ll", "Nd")), max_size=6),
    password=passwords,
    before=words,
    after=words,
)
@example(scheme="rtsp", user="admin", password="pa@ss/w:rd%40", before="url=", after="refused")
@example(scheme="rtsp", user="admin", password='it\'s"quoted"', before="'", after="'")
def test_no_part_of_a_password_survives(scheme: str, user: str, password: str, before: str, after: str) -> None:
    shown = redact(f"{before} opening {scheme}://{user}:{password}@host.example/live, {after} failed")
    without = redact(f"{before} opening {scheme}://{MASK}@host.example/live, {after} failed")
    assert shown == without
    assert f"{scheme}://{MASK}@host.example/live" in shown


@given(scheme=st.sampled_from(STREAM_SCHEMES), password=passwords)
def test_an_address_never_shows_its_password(scheme: str, password: str) -> None:
    raw = f"{scheme}://admin:{password}@camera/live"
    address, masked = SourceAddress.parse(raw), SourceAddress.parse(f"{scheme}://{MASK}@camera/live")
    assert address.raw == raw
    assert f"{address}" == str(address) == address.shown == f"{scheme}://{MASK}@camera/live"
    assert repr(address) == repr(masked) == f"{[address]}"[1:-1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://h/v?token=abc&x=1", f"http://h/v?token={MASK}&x=1"),
        ("http://h/v?x=1&API_KEY=abc", f"http://h/v?x=1&API_KEY={MASK}"),
        ("http://h/v?a=1;password=abc;b=2", f"http://h/v?a=1;password={MASK};b=2"),
        ("http://h/cgi?loginuse=admin&loginpas=abc", f"http://h/cgi?loginuse={MASK}&loginpas={MASK}"),
        ("https://s3/clip?X-Amz-Signature=abc", f"https://s3/clip?X-Amz-Signature={MASK}"),
        ("rtsp://h/user=admin_password=abc_channel=1", f"rtsp://h/user={MASK}"),
        ("cannot open 'http://h/v?sig=abc' now", f"cannot open 'http://h/v?sig={MASK}' now"),
        ("two: rtsp://a:b@h/1 and rtsp://c:d@h/2.", f"two: rtsp://{MASK}@h/1 and rtsp://{MASK}@h/2."),
        ("concat:rtsp://a:b@h/1|rtsp://c:d@h/2", f"concat:rtsp://{MASK}@h/2"),
    ],
)
def test_secrets_are_masked(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "clips/S1/wave.mp4: the file is empty",
        "train.lr=3 and model.backbone=small",
        "me@work.example wrote to you@home.example",
        "C:/Users/me@work/clip.mp4",
        "rtsp://10.0.0.5:554/live?channel=1",
        "/data/passenger=3/clip.mp4",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "address",
    ["concat://a|b", "data://x", "unix://run/x.sock", "crypto+file://x", "gopher://h/x", "subfile://x", "pipe://0"],
)
def test_other_schemes_are_refused_with_those_that_are_not(address: str) -> None:
    with pytest.raises(SourceRefusedError, match="rtsp://") as caught:
        SourceAddress.parse(address)
    assert address.split(":")[0] in str(caught.value)


@pytest.mark.parametrize("scheme", ["rtsp", "ftp"])
def test_an_address_with_a_blank_is_refused_without_showing_it(scheme: str) -> None:
    with pytest.raises(SourceRefusedError, match="%20") as caught:
        SourceAddress.parse(f"{scheme}://admin:my secret@camera/live")
    assert "secret" not in str(caught.value)
    assert "admin" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["concat:a|b", "subfile,,start,0,end,9,,:/etc/passwd", "data:,x", "pipe:0", "C:/x.mp4"]
)
def test_what_is_no_address_is_the_name_of_a_file(name: str) -> None:
    address = SourceAddress.parse(name)
    assert (address.kind, address.raw, address.protocol_whitelist) == ("file", name, "file")


@pytest.mark.parametrize(
    "source", ["concat:rtsp://admin:secret@h/x", Path("rtsp://admin:secret@h/x"), " rtsp://a:secret@h"]
)
def test_an_address_taken_for_a_file_shows_no_password_either(source: str | Path) -> None:
    address = SourceAddress.parse(source)
    assert address.kind == "file"
    assert "secret" not in f"{address} {address!r}"
    assert "secret" in address.raw


def test_a_file_address_is_a_file() -> None:
    assert SourceAddress.parse("file:///tmp/x.mp4").raw == "/tmp/x.mp4"


@pytest.mark.parametrize(
    ("source", "whitelist"),
    [
        ("rtsp://h/x", {"rtsp", "rtp", "udp", "tcp"}),
        ("https://h/x", {"https", "http", "tcp", "tls"}),
        ("x.mp4", {"file"}),
    ],
)
def test_a_source_reaches_only_what_it_is_made_of(source: str, whitelist: set[str]) -> None:
    assert set(SourceAddress.parse(source).protocol_whitelist.split(",")) == whitelist


def test_digits_are_a_camera_unless_a_file_is_so_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert SourceAddress.parse(2).kind == "camera"
    assert str(SourceAddress.parse("0")) == "camera 0"
    assert SourceAddress.parse(Path("0")).kind == "file"
    assert SourceAddress.parse("²").kind == "file"
    (tmp_path / "0").mkdir()
    assert SourceAddress.parse("0").kind == "file"
