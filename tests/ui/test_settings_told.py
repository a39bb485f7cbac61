"""The page tells what each setting does in French as well."""

import json

from assistant.settings import Settings
from assistant.settings_file import SettingsFile
from ui.components.admin.settings import describe, name_section
from ui.language import LOCALES, load_texts


def test_every_setting_is_told_in_french_and_none_that_is_gone(tmp_path):
    known = SettingsFile(Settings(data=tmp_path), {}).all()
    told = json.loads((LOCALES / "settings.fr.json").read_text(encoding="utf-8"))
    assert list(told) == [one.name for one in known]


def test_each_language_is_told_in_its_own(tmp_path):
    setting = SettingsFile(Settings(data=tmp_path), {}).all()[0].model_dump()
    assert describe(setting, load_texts("en")) == "refuse generators on other machines"
    assert describe(setting, load_texts("fr")).startswith("refuse les modèles")


def test_every_section_has_a_name_beside_that_of_the_file(tmp_path):
    known = SettingsFile(Settings(data=tmp_path), {}).all()
    for section in {one.name.rpartition(".")[0] for one in known} - {""}:
        assert name_section(load_texts("fr"), section).endswith(f"({section})]")
