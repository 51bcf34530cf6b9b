"""Reads every golden space of a folder (crates/latentspace/testdata) by docs/read_space.py, which needs only numpy."""

import json
import pathlib
import struct
import sys
import tempfile

import numpy as np
from read_space import Refused, Space, read_rows


def near(found, wanted, what):
    assert found.shape == wanted.shape, f"{what}: {found.shape}, not {wanted.shape}"
    far = np.abs(found - wanted) / np.maximum(1, np.abs(wanted))
    assert far.max() <= 1e-6, f"{what}: {far.max()} apart"


def opens(path):
    """Everything that this reader computes from a golden space equals the stored result."""
    space, beside = Space(path), lambda what: next(iter(path.parent.glob(f"{path.stem}.{what}.*")), None)
    done = [space.method]
    if (found := space.map()) is not None:
        near(found[0], np.load(beside("map")), path)
        for name, cells in found[1].items():
            assert len(cells) == len(found[0]), name
        if "id" in found[1]:
            assert found[1]["id"][7] == "tree 7" and found[1]["label"][:3] == ["a", "b", "c"], found[1]
            assert found[1]["age"][8:11] == [18, None, 20], found[1]["age"]
        done.append(f"map of {len(found[0])} rows with {', '.join(found[1])}")
    try:
        near(space.encode(read_rows(beside("rows"))), np.load(beside("codes")), path)
        done.append("the same codes")
    except Refused as refused:
        assert space.method != "pca", refused
    print(f"{path.name}: {'; '.join(done)}")


def refuses(path, words, change):
    """What is broken is refused in words, whatever it promises."""
    whole = path.read_bytes()
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    body = change(header, whole[8 + length :])
    text = body[0] if isinstance(body, tuple) else json.dumps(header).encode()
    with tempfile.TemporaryDirectory() as folder:
        broken = pathlib.Path(folder, "broken.latent")
        broken.write_bytes(struct.pack("<Q", len(text)) + text + (body[1] if isinstance(body, tuple) else body))
        try:
            space = Space(broken)
            space.map()
        except Refused as refused:
            assert words in str(refused), f"'{words}' is not in: {refused}"
        else:
            raise AssertionError(f"{words}: opened")


def hostile(path):
    def document(header, **changed):
        told = json.loads(header["__metadata__"]["latentspace"]) | changed
        header["__metadata__"]["latentspace"] = json.dumps(told)

    def tensor(**changed):
        def change(header, body):
            header["map"].update(changed)
            return body

        return change

    def metadata(at, byte):
        def change(header, body):
            at_byte = header["metadata"]["data_offsets"][0] + at
            return body[:at_byte] + byte + body[at_byte + len(byte) :]

        return change

    refuses(path, "format 2; this program reads format 1", lambda header, body: document(header, format=2) or body)
    refuses(path, "bytes of numbers, and", lambda header, body: body[:-1])
    refuses(path, "bytes of numbers, and", lambda header, body: body + b"x")
    refuses(path, "overlap or leave gaps", lambda header, body: header.pop("map") and body)
    refuses(path, "do not fit each other", tensor(shape=[2**40, 2**40]))
    refuses(path, "do not fit each other", tensor(shape=[-1, -120]))
    refuses(path, "'F16'", tensor(dtype="F16"))
    refuses(path, "NaN or infinity", lambda header, body: b"\xff" * 8 + body[8:])
    refuses(path, "cannot be read", lambda header, body: (b"[" * 100_000, body))
    refuses(path, "cannot be read", lambda header, body: (b"{}", body))
    refuses(path, "no Arrow stream", metadata(0, b"\0"))
    refuses(path, "no Arrow stream", metadata(4, b"\xff\xff\xff\x7f"))
    # Any byte of the metadata may be another: a column or a refusal comes of it, no other error.
    size = Space(path).tensors["metadata"].size
    whole, start = path.read_bytes(), path.stat().st_size - size
    for at in range(0, size, 7):
        with tempfile.NamedTemporaryFile() as file:
            file.write(whole[: start + at] + bytes([whole[start + at] ^ 0xFF]) + whole[start + at + 1 :])
            file.flush()
            try:
                Space(file.name).map()
            except Refused:
                pass


if __name__ == "__main__":
    spaces = sorted(pathlib.Path(sys.argv[1]).glob("*/*.latent"))
    for space in spaces:
        opens(space)
    for space in spaces:
        if "map" in Space(space).tensors:
            hostile(space)
