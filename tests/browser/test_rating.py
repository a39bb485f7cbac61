"""Thumbs on an answer, in a real browser."""

from playwright.sync_api import expect


def test_reader_says_what_is_wrong_with_an_answer_and_then_that_it_is_right(
    handbook, open_page, ask
):
    page = open_page(handbook, locale="fr-FR")
    answer = ask(page, "Quelle aide l'entreprise verse-t-elle pour acheter un siège ?")
    answer.get_by_role("radio", name="Pouce vers le bas").click()
    answer.get_by_label("La bonne réponse").fill("250 euros, sur facture")
    answer.get_by_role("button", name="Envoyer").click()
    thanks = answer.get_by_text("votre avis est enregistré")
    expect(thanks).to_be_visible()
    expect(answer.get_by_label("La bonne réponse")).to_have_count(0)
    answer.get_by_role("radio", name="Pouce vers le haut").click()
    expect(thanks).to_be_visible()
