"""Uploads of forms (multipart/form-data) over HTTP."""

from pathlib import Path

import pytest

from tests.api_handlers.in_process_server import run_in_process_server
from tests.api_handlers.upload_helpers import DELIVERIES_PATH, assert_nothing_stored, wait_for_import
from tests.contract.scenario_fixtures import ChildWelfareService
from tests.support.pipeline import zip_files


@pytest.fixture
def service() -> ChildWelfareService:
    return ChildWelfareService(4711)


def test_multipart_with_files_and_zip_is_one_delivery(data_dir: Path, service: ChildWelfareService) -> None:
    """Files are numbered in the findings across the whole form, entries of archives included."""
    cases = [service.case(index, "2024-12-31", []) for index in range(3)]
    multipart = [
        ("organisasjoner", ("æøå.csv", service.listing("Prøvetjenesten"), "application/vnd.ms-excel")),
        ("saker", ("a b.xml", cases[0], "text/xml")),
        ("saker", ("to.zip", zip_files(cases[1:]), "application/octet-stream")),
        ("saker", ("broken.xml", b"<Barnevern>", "text/xml")),
    ]
    with run_in_process_server(data_dir) as server, server.client() as client:
        document = wait_for_import(server, client.post(DELIVERIES_PATH, files=multipart))
    assert (document["format"], document["files"], document["refused_files"], document["new_cases"]) == (
        "mixed",
        5,
        1,
        3,
    )
    assert document["size_bytes"] == sum(len(content) for _, (_, content, _) in multipart)
    assert document["organizations"] == [service.organization_id]
    assert [(finding["file"], finding["code"]) for finding in document["findings"]] == [(5, "not_well_formed")]


@pytest.mark.parametrize(
    ("body", "status", "errors"),
    [
        (b"", 422, [{"pointer": "", "detail": "is empty"}]),
        (b"--b--\r\n", 422, [{"pointer": "", "detail": "has no file"}]),
        (
            b'--b\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\n\r\n--b--\r\n',
            422,
            [{"pointer": "", "detail": "has no file"}],
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="full"\r\n\r\ntrue\r\n--b--\r\n',
            422,
            [{"pointer": "/full", "detail": "is not a file"}],
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n<B',
            400,
            [{"pointer": "", "detail": "The form is incomplete. Send it again, with its closing boundary."}],
        ),
        (b"--b\r\nno header\r\n\r\nx\r\n--b--\r\n", 400, None),
        (b"--b\r\n" + b"X: y\r\n" * 100 + b"\r\n", 413, None),
        (b"<Barnevern/>", 400, None),
    ],
)
def test_malformed_or_empty_multipart_is_rejected(
    data_dir: Path, body: bytes, status: int, errors: list[dict[str, str]] | None
) -> None:
    with run_in_process_server(data_dir) as server, server.client() as client:
        response = client.post(
            DELIVERIES_PATH, content=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
        )
        assert response.status_code == status, response.text
        if errors:
            assert response.json()["errors"] == errors
        assert_nothing_stored(server, data_dir)


def test_multipart_file_without_name_is_accepted(data_dir: Path, service: ChildWelfareService) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\n'
        + service.case(0, "2024-12-31", [])
        + b"\r\n--b--\r\n"
    )
    with run_in_process_server(data_dir) as server, server.client() as client:
        response = client.post(
            DELIVERIES_PATH, content=body, headers={"Content-Type": 'multipart/form-data; boundary="b"'}
        )
        assert wait_for_import(server, response)["new_cases"] == 1


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252", "cp437", "koi8-r"])
def test_file_name_in_any_8_bit_encoding_is_accepted(
    data_dir: Path, service: ChildWelfareService, encoding: str
) -> None:
    """Part headers have no encoding of their own: older clients send names in that of their system."""
    head = 'Content-Disposition: form-data; name="file"; filename="Bærum.xml"\r\nContent-Type: text/xml\r\n\r\n'
    name = "Бергум" if encoding == "koi8-r" else "Bærum"
    body = b"--X-B\r\n%s%s\r\n--X-B--\r\n" % (
        head.replace("Bærum", name).encode(encoding),
        service.case(0, "2024-12-31", []),
    )
    with run_in_process_server(data_dir) as server, server.client() as client:
        headers = {"Content-Type": "multipart/form-data; boundary=X-B"}
        assert wait_for_import(server, client.post(DELIVERIES_PATH, content=body, headers=headers))["new_cases"] == 1


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_part_without_file_is_named_in_the_error(data_dir: Path, encoding: str) -> None:
    body = '--b\r\nContent-Disposition: form-data; name="år"\r\n\r\n2024\r\n--b--\r\n'.encode(encoding)
    with run_in_process_server(data_dir) as server, server.client() as client:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        response = client.post(DELIVERIES_PATH, content=body, headers=headers)
        assert response.json()["errors"] == [{"pointer": "/år", "detail": "is not a file"}]
