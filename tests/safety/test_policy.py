"""What becomes of personal data and secrets on their way through Philo."""

import json
import logging

import pytest
from fastapi.testclient import TestClient
from langchain_core.messages import HumanMessage
from typer.testing import CliRunner

from assistant.api.rest import create_api
from assistant.commands.safety import safety_app
from assistant.errors import QuestionRefusedError, RemoteRefusedError, SettingsError
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.models.generators.scripted import ScriptedGenerator
from assistant.safety.check import check_text
from assistant.safety.personal.logs import MaskingFilter
from assistant.safety.personal.masking import put_back_streamed
from assistant.safety.personal.remote import MaskedGenerator
from assistant.safety.policy import Place, Policy
from assistant.safety.settings import SafetySettings
from assistant.scope import Scope
from assistant.service import open_assistant
from assistant.settings import load_settings
from assistant.types import OPERATOR, Readable, TextDocument

STAFF = (
    "Dossier de Mme Claire Durand.\n"
    "Mme Durand se joint au 06 12 34 56 78 ou à claire.durand@exemple.fr.\n"
    "Le mot de passe du coffre : Tr0ub4dor&3\n"
    "Son congé commence le 3 juin."
)
QUESTION = "À quel numéro se joint Mme Durand ?"
READER = Readable(groups=frozenset({"everyone"}))
HR = Readable(groups=frozenset({"everyone", "rh"}))
MASK_STAFF = {"personal_data": {"collections": {"staff": {"ingest": "mask"}}, "may_see": ["rh"]}}


@pytest.fixture
def open_philo(tmp_path):
    opened = []

    def open_(**safety):
        settings = load_settings(
            tmp_path / "data",
            environ={
                "PHILO_ANSWERING__EVIDENCE_THRESHOLD": "0",
                "PHILO_INGEST__WORKERS": "1",
                "PHILO_MODELS__GENERATOR": "none",
                "PHILO_MODELS__READER": "none",
            },
        )
        settings = settings.model_copy(update={"safety": SafetySettings.model_validate(safety)})
        philo = open_assistant(settings, embedder=HashingEmbedder())
        opened.append(philo)
        return philo

    yield open_
    for philo in opened:
        philo.close()


def bring_in(philo, tmp_path, text=STAFF, collection="staff"):
    path = tmp_path / "docs" / "dossier.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return philo.ingestor.ingest([str(path)], collection=collection)


def logged(philo):
    return [entry for entry in philo.audit.every() if entry.action == "safety"]


def test_what_a_document_holds_is_noted_with_it(open_philo, tmp_path):
    philo = open_philo()
    bring_in(philo, tmp_path)
    (document,) = philo.library.documents(OPERATOR)
    assert document.findings["phone"] == 1
    assert document.findings["e-mail"] == 1
    assert document.findings["secret"] == 1
    (entry,) = logged(philo)
    assert entry.details["actions"] == {"allow": 1}
    assert "Durand" not in json.dumps(entry.details)


def test_secrets_are_masked_in_hits_even_for_the_operator(open_philo, tmp_path):
    philo = open_philo()
    bring_in(philo, tmp_path)
    (hit,) = philo.search("mot de passe du coffre", k=1, readable=OPERATOR)
    assert "Tr0ub4dor" not in hit.text
    assert "[SECRET]" in hit.text


def test_a_refused_document_waits_in_quarantine_with_the_reason(open_philo, tmp_path):
    philo = open_philo(personal_data={"by_kind": {"e-mail": {"ingest": "refuse"}}})
    report = bring_in(philo, tmp_path)
    (held,) = report.quarantined
    assert "1 e-mail" in held.reason
    assert "[safety.personal_data.by_kind.e-mail]" in held.reason
    assert philo.search("Durand", k=3, readable=OPERATOR) == []


def test_masked_at_ingest_means_that_no_store_holds_it(open_philo, tmp_path):
    philo = open_philo(**MASK_STAFF)
    bring_in(philo, tmp_path)
    (hit,) = philo.search("joindre par téléphone", k=1, readable=READER)
    assert "[PHONE_1]" in hit.text
    assert "06 12" not in hit.text
    philo.close()  # until then, Chroma may write memory that it has not cleared
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert b"06 12 34 56 78" not in content, path
        assert b"claire.durand@" not in content, path


def test_those_who_may_see_are_shown_what_was_masked_at_ingest(open_philo, tmp_path):
    philo = open_philo(**MASK_STAFF)
    bring_in(philo, tmp_path)
    (hit,) = philo.search("joindre par téléphone", k=1, readable=HR)
    assert "06 12 34 56 78" in hit.text
    assert "claire.durand@exemple.fr" in hit.text


def test_a_changed_rule_reads_documents_again(open_philo, tmp_path):
    philo = open_philo()
    bring_in(philo, tmp_path)
    philo.close()
    philo = open_philo(**MASK_STAFF)
    assert bring_in(philo, tmp_path).updated == 1
    assert bring_in(philo, tmp_path).unchanged == 1


def test_lines_and_quotes_of_a_masked_document_still_fit(open_philo, tmp_path):
    philo = open_philo(**MASK_STAFF)
    bring_in(philo, tmp_path)
    (document,) = philo.library.documents(OPERATOR)
    for chunk in philo.library.document_chunks(document.id, OPERATOR):
        assert chunk.lines[0].offset == chunk.start
        assert all(chunk.start <= line.offset < chunk.end for line in chunk.lines)


def test_answers_are_masked_for_readers_and_whole_for_those_who_may_see(open_philo, tmp_path):
    philo = open_philo(personal_data={"answer": "mask", "may_see": ["rh"]})
    bring_in(philo, tmp_path)
    masked = philo.answer(QUESTION, readable=READER).model_dump_json()
    assert "06 12 34 56 78" not in masked
    assert "[PHONE_1]" in masked
    assert "06 12 34 56 78" in philo.answer(QUESTION, readable=HR).model_dump_json()
    again = philo.answer(QUESTION, readable=READER).model_dump_json()
    assert "06 12 34 56 78" not in again, "the cache must not tell"
    assert any(entry.details["place"] == "answer" for entry in logged(philo))


def test_a_collection_has_its_own_rule_for_answers(open_philo, tmp_path):
    philo = open_philo(personal_data={"collections": {"staff": {"answer": "mask"}}})
    bring_in(philo, tmp_path)
    public = "La ligne du standard est le 01 23 45 67 89, à toute heure."
    philo.ingestor.ingest_texts([TextDocument("text://a", "Standard", public)])
    hits = philo.search("téléphone", k=5, readable=READER, scope=Scope(collections=("default",)))
    assert "01 23 45 67 89" in hits[0].text
    hits = philo.search("téléphone", k=5, readable=READER, scope=Scope(collections=("staff",)))
    assert "06 12" not in hits[0].text


def test_a_refused_question_is_not_asked_and_its_reason_is_logged(open_philo):
    philo = open_philo(personal_data={"question": "refuse"})
    with pytest.raises(QuestionRefusedError, match=r"1 iban.*question = \"refuse\""):
        philo.search("Qui a le compte DE89370400440532013000 ?", k=1, readable=READER)
    (entry,) = logged(philo)
    assert entry.details["found"] == {"iban": 1}


def test_a_masked_question_finds_masked_documents(open_philo, tmp_path):
    philo = open_philo(personal_data={"ingest": "mask", "question": "mask"})
    bring_in(philo, tmp_path)
    (hit,) = philo.search("À qui est le 0612345678 ?", k=1, readable=READER)
    assert "[PHONE_1]" in hit.text


def test_the_audit_log_keeps_pseudonyms_not_people(open_philo, tmp_path):
    philo = open_philo()
    bring_in(philo, tmp_path)
    philo.answer("Quel congé a claire.durand@exemple.fr ?", readable=READER)
    kept = "\n".join(entry.model_dump_json() for entry in philo.audit.every())
    assert "claire.durand@" not in kept
    assert "[E-MAIL_1]" in kept
    assert philo.audit.verify().ok


def test_a_pseudonym_stays_the_same_however_a_number_is_written(open_philo, tmp_path):
    philo = open_philo()
    names = philo.library.pseudonyms
    policy = Policy(philo.settings.safety)
    seen = set()
    for written in ("06 12 34 56 78", "0612345678", "+33 6 12 34 56 78", "06.12.34.56.78"):
        (found,) = policy.find(f"Appelez {written} vite")
        text = f"Appelez {written} vite"[found.start : found.end]
        seen |= set(names.of([(found.kind, text)]).values())
    assert seen == {"[PHONE_1]"}
    philo.close()
    philo = open_philo()
    assert set(philo.library.pseudonyms.of([(found.kind, text)]).values()) == {"[PHONE_1]"}


def test_forgotten_values_cannot_be_restored(open_philo, tmp_path):
    philo = open_philo(**MASK_STAFF)
    bring_in(philo, tmp_path)
    names = philo.library.pseudonyms
    assert names.restore(["[PHONE_1]"]) == {"[PHONE_1]": "06 12 34 56 78"}
    (found,) = Policy(philo.settings.safety).find("06 12 34 56 78")
    assert names.forget([(found.kind, "0612345678")]) == 1
    assert names.restore(["[PHONE_1]"]) == {}


def masked_generator(philo, script, told, **safety):
    return MaskedGenerator(
        ScriptedGenerator(script=script),
        Policy(SafetySettings.model_validate(safety)),
        philo.library.pseudonyms,
        told.append,
    )


def test_a_model_elsewhere_gets_pseudonyms_and_its_answer_is_restored(open_philo):
    philo = open_philo()
    sent, told = [], []

    def script(messages):
        sent.append(messages[0].text)
        return "Elle se joint au [PHONE_1], dit [PERSON\\_1] (voir [3] et [PHONE_99])."

    generator = masked_generator(philo, script, told)
    prompt = [HumanMessage("Mme Durand : 06 12 34 56 78, mot de passe : Tr0ub4dor&3")]
    pieces = [*generator.stream_text(prompt, max_new_tokens=50)]
    assert len(pieces) > 3, "it is streamed"
    assert (
        "".join(pieces) == "Elle se joint au 06 12 34 56 78, dit Durand (voir [3] et [PHONE_99])."
    )
    assert sent == ["Mme [PERSON_1] : [PHONE_1], mot de passe : [SECRET]"]
    assert generator.invoke(prompt).text.startswith("Elle se joint au 06 12 34 56 78")
    assert told[0]["action"] == "mask"
    assert told[0]["place"] == Place.REMOTE


def test_a_pseudonym_cut_anywhere_is_restored():
    text = "a [PHONE_1][x] [ [PERSON_2] [PHO"
    for size in range(1, 12):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        restored = put_back_streamed(
            pieces, str, lambda _, new: new, {"[PHONE_1]": "06", "[PERSON_2]": "Bo"}
        )
        assert "".join(restored) == "a 06[x] [ Bo [PHO"


def test_what_may_not_leave_is_not_sent(open_philo):
    philo = open_philo()
    sent = []
    rules = {"personal_data": {"collections": {"staff": {"remote": "refuse"}}}}
    generator = masked_generator(philo, lambda messages: sent.append(1) or "x", [], **rules)
    with pytest.raises(RemoteRefusedError, match=r"collections\.staff\] remote"):
        generator.stream_text([HumanMessage("IBAN DE89370400440532013000")], max_new_tokens=5)
    assert sent == []


def test_log_lines_and_tracebacks_are_masked():
    handler = logging.Handler()
    handler.addFilter(MaskingFilter())
    lines = []
    handler.emit = lambda record: lines.append(logging.Formatter().format(record))
    logger = logging.getLogger("philo-test-logs")
    logger.addHandler(handler)
    logger.propagate = False
    logger.warning("cannot reach %s of %s", "bo@exemple.fr", "Mme Durand")
    try:
        raise ValueError("bad IBAN DE89370400440532013000")
    except ValueError:
        logger.exception("failed")
    assert lines[0] == "cannot reach [E-MAIL] of Mme [PERSON]"
    assert "[IBAN]" in lines[1]
    assert "DE89" not in lines[1]


def test_check_explains_every_place_and_stores_nothing():
    policy = Policy(SafetySettings.model_validate(MASK_STAFF))
    found = check_text("Carte 4111 1111 1111 1111.\nmdp : Tr0ub4dor&3", policy, collection="staff")
    card, secret = found.findings
    assert card.checksum
    assert card.decisions[Place.INGEST].action == "mask"
    assert card.decisions[Place.INGEST].rule == (
        '[safety.personal_data.collections.staff] ingest = "mask"'
    )
    assert card.decisions[Place.ANSWER].action == "allow"
    assert (secret.line, secret.text) == (2, "Tr0ub4dor&3")
    assert found.outcome[Place.REMOTE] == "mask"


def test_pieces_of_a_document_are_shown_masked_over_the_api(open_philo, tmp_path):
    philo = open_philo(personal_data={"answer": "mask"})
    bring_in(philo, tmp_path)
    client = TestClient(create_api(philo, operator_token="op"))
    (document,) = client.get("/documents").json()["documents"]
    shown = client.get(f"/documents/{document['id']}/chunks").text
    assert "Tr0ub4dor" not in shown
    assert document["findings"]["phone"] == 1


def test_only_the_operator_may_check_texts_over_the_api(open_philo):
    philo = open_philo()
    client = TestClient(create_api(philo, operator_token="op"))
    asked = {"text": "IBAN DE89370400440532013000"}
    assert client.post("/safety/check", json=asked).status_code == 401
    answer = client.post("/safety/check", json=asked, headers={"Authorization": "Bearer op"})
    assert answer.json()["findings"][0]["kind"] == "iban"


def test_the_command_reads_a_file_or_standard_input(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("Carte 4111 1111 1111 1111", encoding="utf-8")
    options = ["--data", str(tmp_path / "data"), "--json"]
    runner = CliRunner()
    told = json.loads(runner.invoke(safety_app, ["check", str(path), *options]).stdout)
    assert told["findings"][0]["checksum"] is True
    told = json.loads(runner.invoke(safety_app, ["check", "-", *options], input="rien").stdout)
    assert told["findings"] == []


def test_settings_say_what_is_wrong_with_them(tmp_path):
    with pytest.raises(SettingsError, match=r"safety\.personal_data\.answer"):
        load_settings(tmp_path, environ={"PHILO_SAFETY__PERSONAL_DATA__ANSWER": "hide"})
