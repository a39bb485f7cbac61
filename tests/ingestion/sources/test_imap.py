"""Mailboxes, on Dovecot."""

import getpass
import grp
import imaplib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import ValidationError

from assistant.errors import SourceItemGoneError, SourceUnavailableError
from assistant.types import Readable
from ingestion.sources import imap
from ingestion.sources.imap import ImapOptions, decode_folder, encode_folder, open_source
from tests.ingestion.sources.serving import passed_on

USER, PASSWORD = "amelie@example.org", "mot de pässe"

CONFIGURATION = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 0
first_valid_gid = 0
ssl = required
ssl_cert = <{chain}
ssl_key = <{key}
auth_mechanisms = plain
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {root}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={root}/home/%u
}}
mail_location = maildir:{root}/home/%u/mail
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain_port}
  }}
  inet_listener imaps {{
    port = {port}
  }}
}}
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


class Mailbox:
    """What a mail program does with the mailbox."""

    def __init__(self, port: int, plain_port: int, trust: ssl.SSLContext) -> None:
        self.port, self.plain_port = port, plain_port
        self._trust = trust

    def _log_in(self) -> imaplib.IMAP4_SSL:
        server = imaplib.IMAP4_SSL("127.0.0.1", self.port, ssl_context=self._trust, timeout=10)
        server.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
        return server

    def empty(self) -> None:
        with self._log_in() as server:
            for folder in ("Notes", "&AMk-t&AOk-"):
                server.delete(folder)
            if server.select("INBOX")[1] != [b"0"]:
                server.store("1:*", "+FLAGS", r"\Deleted")
                server.expunge()

    def send(self, subject: str, folder: str = "INBOX") -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "a@example.org", USER, subject
        message.set_content(f"About {subject}.")
        with self._log_in() as server:
            server.create(folder)
            assert server.append(folder, None, None, message.as_bytes())[0] == "OK"

    def delete(self, number: int, expunge: bool = True) -> None:
        with self._log_in() as server:
            server.select("INBOX")
            server.store(str(number), "+FLAGS", r"\Deleted")
            if expunge:
                server.expunge()

    def recreate(self, folder: str) -> None:
        with self._log_in() as server:
            server.delete(folder)
            time.sleep(1.1)  # UIDVALIDITY is made of seconds
            server.create(folder)


@pytest.fixture(scope="module")
def server(certificates):
    program = shutil.which("dovecot", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin")
    assert program, "the tests need Dovecot; run tests/install_tools.sh"
    account: dict[str, str] = {}
    user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    if os.getuid() == 0:  # Dovecot does not serve mail as root
        user, group = "nobody", "nogroup"
        account = {"user": user, "group": group}
    # Not below pytest's folder: paths of its sockets must be short, and its owner another one.
    with tempfile.TemporaryDirectory(prefix="philo-mail-") as folder:
        root = Path(folder)
        listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        port, plain_port = (listener.getsockname()[1] for listener in listeners)
        for listener in listeners:
            listener.close()
        (root / "users").write_text(f"{USER}:{PASSWORD}\n", encoding="utf-8")
        chain = shutil.copy(certificates.chain, root / "chain.pem")
        key = shutil.copy(certificates.key, root / "key.pem")
        (root / "dovecot.conf").write_text(
            CONFIGURATION.format(
                root=root, user=user, group=group, chain=chain, key=key,
                port=port, plain_port=plain_port,
            )
        )  # fmt: skip
        if account:
            for path in (root, *root.iterdir()):
                shutil.chown(path, user, group)
        process = subprocess.Popen(
            [program, "-F", "-c", root / "dovecot.conf"],
            stderr=subprocess.PIPE, text=True, extra_groups=[] if account else None, **account,
        )  # fmt: skip
        _wait_for(port, process, root / "log")
        yield Mailbox(port, plain_port, ssl.create_default_context(cafile=certificates.authority))
        process.terminate()
        process.wait(10)
        process.stderr.close()


def _wait_for(port: int, process: subprocess.Popen, log: Path) -> None:
    latest = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            said = log.read_text() if log.exists() else ""
            assert process.poll() is None, process.stderr.read() + said
            assert time.monotonic() < latest, said
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def mailbox(server) -> Mailbox:
    server.empty()
    server.send("leave")
    server.send("notes de frais")
    return server


@pytest.fixture
def opened(mailbox, surroundings, certificates, monkeypatch):
    monkeypatch.setenv("PASSWORD", PASSWORD)
    sources = []

    def open_it(**options):
        stated = {
            "host": "localhost", "port": mailbox.port, "user": USER, "password_env": "PASSWORD",
            "ca_file": str(certificates.authority),
        }  # fmt: skip
        sources.append(open_source(ImapOptions(**stated | options), surroundings))
        return sources[-1]

    yield open_it
    for source in sources:
        source.close()


def test_each_message_is_a_document(mailbox, opened, fetched):
    source = opened()
    items = list(source.items())
    assert len({item.uri for item in items}) == 2
    assert all(item.name.endswith(".eml") for item in items)
    contents = [fetched(source, item).read_bytes() for item in items]
    assert b"Subject: leave" in contents[0]
    assert b"About notes de frais." in contents[1]
    assert [item.size_bytes for item in items] == [len(content) for content in contents]


def test_a_message_keeps_its_address_when_another_is_deleted(mailbox, opened):
    before = [item.uri for item in opened().items()]
    mailbox.delete(1)
    mailbox.send("third")
    after = [item.uri for item in opened().items()]
    assert after[0] == before[1]
    assert after[1] not in before


def test_a_message_marked_as_deleted_is_not_listed(mailbox, opened):
    mailbox.delete(1, expunge=False)
    assert len(list(opened().items())) == 1


def test_a_message_deleted_since_it_was_listed_is_gone(mailbox, opened, fetched):
    item = next(opened().items())
    mailbox.delete(1)
    with pytest.raises(SourceItemGoneError):
        fetched(opened(), item)


def test_a_folder_made_anew_has_other_messages(mailbox, opened, fetched):
    mailbox.send("old", folder="Notes")
    (old,) = opened(folders="Notes").items()
    mailbox.recreate("Notes")
    mailbox.send("new", folder="Notes")
    (new,) = opened(folders="Notes").items()
    assert new.uri != old.uri
    with pytest.raises(SourceItemGoneError):
        fetched(opened(), old)


def test_folders_are_chosen_by_their_names(mailbox, opened, fetched):
    mailbox.send("summer", folder="&AMk-t&AOk-")
    source = opened(folders="Été")
    (item,) = source.items()
    assert b"summer" in fetched(source, item).read_bytes()
    assert len(list(opened(folders="INBOX, Été").items())) == 3
    assert len(list(opened(folders="*").items())) == 3
    with pytest.raises(SourceUnavailableError, match="no folder Winter"):
        list(opened(folders="Winter").items())


def test_reading_changes_nothing(mailbox, opened, fetched):
    source = opened()
    for item in source.items():
        fetched(source, item)
    with mailbox._log_in() as server:
        server.select("INBOX")
        assert server.search(None, "UNSEEN")[1] == [b"1 2"]


def test_starttls_is_spoken(mailbox, opened):
    assert len(list(opened(port=mailbox.plain_port, starttls=True).items())) == 2


def test_a_wrong_password_is_told_without_it(opened, monkeypatch):
    monkeypatch.setenv("PASSWORD", "not the password")
    with pytest.raises(SourceUnavailableError, match="refuses the login") as failure:
        opened()
    assert "not the password" not in str(failure.value)
    assert failure.value.__cause__ is None


def test_a_certificate_that_is_not_trusted_is_told(opened):
    with pytest.raises(SourceUnavailableError, match="not trusted"):
        opened(ca_file="")


def test_a_server_that_is_down_is_told(opened, free_port):
    with pytest.raises(SourceUnavailableError, match=str(free_port)):
        opened(port=free_port)


@pytest.mark.parametrize("field", ["user", "folders"])
def test_names_cannot_smuggle_commands(field):
    stated = {"host": "localhost", "user": "a", "password_env": "P"} | {field: "a\r\nA1 DELETE x"}
    with pytest.raises(ValidationError):
        ImapOptions(**stated)


def test_long_mailboxes_are_listed_in_parts(mailbox, opened, monkeypatch):
    for number in range(5):
        mailbox.send(f"more {number}")
    monkeypatch.setattr(imap, "LISTED_AT_ONCE", 3)
    assert len({item.uri for item in opened().items()}) == 7


def test_a_listing_that_breaks_off_fails(mailbox, opened, monkeypatch):
    """The connection dies between two parts of the list."""
    for number in range(5):
        mailbox.send(f"more {number}")
    monkeypatch.setattr(imap, "LISTED_AT_ONCE", 3)
    with passed_on(mailbox.port) as (port, cut):
        items = opened(port=port).items()
        assert next(items)
        cut()
        with pytest.raises(SourceUnavailableError):
            list(items)


@pytest.mark.parametrize("name", ["INBOX", "Été", "A&B", "台北", "a/b.c", "~peter/mail/日本語"])
def test_folder_names_survive_their_encoding(name):
    assert encode_folder(name).isascii()
    assert decode_folder(encode_folder(name)) == name


def test_mails_become_documents_of_whom_the_operator_names(
    mailbox, ingestor, library, certificates, monkeypatch
):
    monkeypatch.setenv("PASSWORD", PASSWORD)
    options = {
        "host": "localhost", "port": str(mailbox.port), "user": USER, "password_env": "PASSWORD",
        "ca_file": str(certificates.authority),
    }  # fmt: skip
    ingestor.sources.add("imap", "mail", options, groups=["amelie"])
    assert ingestor.sources.sync("mail").added == 2
    found = library.documents(Readable(groups=frozenset({"amelie"})))
    assert sorted(info.title for info in found) == ["leave", "notes de frais"]
    assert library.documents(Readable()) == []
    mailbox.delete(1)
    assert ingestor.sources.sync("mail").removed == 1
