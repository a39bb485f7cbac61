"""Secrets in a text: keys and tokens by their forms, passwords by the words before them.

The forms of keys are those of detect-secrets; its plug-ins that measure entropy, which take
part numbers for secrets, and the one for words in program code are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module

from assistant.safety.finding import Finding, Kind, without_overlaps

LONGEST_LINE = 4_000
"""Of a longer line each piece of this length is looked at by itself: some of the forms look for
an end from every beginning."""
OVERLAP = 200
SHORTEST_INNER = 8

_PLUGINS = {
    "artifactory.ArtifactoryDetector": r"A(?:KC|P[\dA-F])",
    "aws.AWSKeyDetector": r"A(?:3T|BIA|CCA|KIA|SIA)|aws",
    "azure_storage_key.AzureStorageKeyDetector": r"AccountKey=",
    "basic_auth.BasicAuthDetector": r"://[^/\s:]{1,200}:[^/\s]{1,200}@",
    "cloudant.CloudantDetector": r"cloudant",
    "discord.DiscordBotTokenDetector": r"[MNO][\w-]{23,25}\.[\w-]{6}\.",
    "github_token.GitHubTokenDetector": r"gh[pousr]_",
    "gitlab_token.GitLabTokenDetector": r"gl(?:dt|pat|ft|soat|rt|cbt|imt|ptt|agent|oas)-|GR1348941",
    "ibm_cloud_iam.IbmCloudIamDetector": r"ibm|cloud|iam",
    "ibm_cos_hmac.IbmCosHmacDetector": r"secret[-_]?(?:access)?[-_]?key",
    "jwt.JwtTokenDetector": r"eyJ",
    "mailchimp.MailchimpDetector": r"-us\d",
    "npm.NpmDetector": r"_authToken",
    "openai.OpenAIDetector": r"T3BlbkFJ",
    "pypi_token.PypiTokenDetector": r"pypi-",
    "sendgrid.SendGridDetector": r"SG\.",
    "slack.SlackDetector": r"xox|hooks\.slack",
    "softlayer.SoftlayerDetector": r"softlayer",
    "square_oauth.SquareOAuthDetector": r"sq0csp",
    "stripe.StripeDetector": r"[rs]k_live_",
    "telegram_token.TelegramBotTokenDetector": r":[0-9A-Za-z_-]{35}",
    "twilio.TwilioKeyDetector": r"(?:AC|SK)[a-z0-9]{32}",
}
"""Plug-in -> what a line must hold to be shown to it. Looking for that is a hundred times
cheaper, and of texts that hold none of it the library is not even loaded."""

_ANCHORS = {path: re.compile(anchor) for path, anchor in _PLUGINS.items()}
_ANY_CASE = frozenset(path for path in _PLUGINS if re.match("aws|cloudant|ibm|softlayer", path))
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?P<what>(?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?)-----"
    r"(?:[A-Za-z0-9+/=\s:,.-]{0,20000}?-----END (?P=what)-----|[A-Za-z0-9+/=\s]{0,20000})"
)
_OWN_FORMS = re.compile(
    r"(?<![\w-])(?:github_pat_\w{22,255}|sk-(?:ant-|proj-)[\w-]{20,200}|hf_[A-Za-z0-9]{30,60}"
    r"|AIza[\w-]{35}|sk_test_[0-9a-zA-Z]{24,99}|AGE-SECRET-KEY-1[0-9A-Z]{58})(?![\w-])"
)
_WORDS = (
    r"mots? de passe|mdp|passe|passwords?|passwd|pwd|passphrase|phrase (?:secr[èe]te|de passe)"
    r"|codes? (?:d'acc[èe]s|secret|pin|wifi|de l'alarme|du coffre)|digicode|code confidentiel"
    r"|cl[ée]s? (?:d'acc[èe]s|d'api|api|secr[èe]tes?|priv[ée]es?|wifi|wpa2?)|jeton(?: d'acc[èe]s)?"
    r"|(?:api|access|secret|private|account|wifi|wpa2?)[ _-]?(?:access[ _-]?)?"
    r"(?:key|token|code|secret)"
    r"|client[ _-]?secret|secret|(?:bearer|auth|access|refresh)[ _-]?token|token|pin(?: code)?"
)
_STRONG = (
    r"(?:mots? de passe|mdp|passwords?|passwd|passphrase|codes? d'acc[èe]s|cl[ée]s? d'acc[èe]s"
    r"|digicode)"
)
"""Other words may stand between these and the value: "le mot de passe du coffre est"."""
_LOGINS = r"identifiants?|login|user ?name|nom d'utilisateur|user ?id"
_LINK = re.compile(
    r"(?:[:=→]{1,2}>?\s{0,3}| (?:est|sera|is|was) (?:: ?)?|\s{1,3}(?=[\"'«`“]))"
    r"(?P<open>[\"'«`“]\s?)?(?P<value>[^\s\"'«»`“”<>]{4,128})"
)
_WORD_BEFORE = re.compile(
    rf"(?<![\w-])(?:{_STRONG}(?: [\w'’-]{{1,20}}){{0,4}}|(?P<login>{_LOGINS})s?|{_WORDS})s?"
    r"(?: (?:temporaire|provisoire|initial|actuel|temporary|default|wifi|admin)){0,2}"
    r"[\"'*]{0,2} {0,3}\Z",
    re.IGNORECASE,
)
LONGEST_WORD = 60
_PLACEHOLDER = re.compile(
    r"[*•.xX_-]+\Z|[<\[{(%$].*|(?:votre|your|example|exemple|changeme|none|null|true|false|todo)\b.*"
    r"|https?://.*",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[^\W\d_]+(?:[-'’/][^\W\d_]+)*\Z")


def find_secrets(text: str) -> list[Finding]:
    """In order of place and without overlaps."""
    found = [*_said(text), *_keys(text)]
    lowered = text.lower()
    for path, anchor in _ANCHORS.items():
        if anchor.search(text) or (path in _ANY_CASE and anchor.search(lowered)):
            found += _known_forms(text, path)
    return without_overlaps(found)


def _keys(text: str) -> Iterator[Finding]:
    if "PRIVATE KEY" in text:
        for match in _PRIVATE_KEY.finditer(text):
            yield Finding(Kind.SECRET, *match.span(), "Private Key")
    for match in _OWN_FORMS.finditer(text):
        yield Finding(Kind.SECRET, *match.span(), "form of an access token")


def _known_forms(text: str, path: str) -> Iterator[Finding]:
    anchor = re.compile(_PLUGINS[path], re.IGNORECASE)
    name, patterns = _load(path)
    done = 0
    for hint in anchor.finditer(text):
        if hint.start() < done:
            continue
        start = max(done, text.rfind("\n", 0, hint.start()) + 1, hint.start() - OVERLAP)
        end = text.find("\n", hint.end(), start + LONGEST_LINE)
        end = min(len(text), start + LONGEST_LINE) if end < 0 else end
        done = max(hint.end(), end - OVERLAP if end - start == LONGEST_LINE else end)
        for pattern in patterns:
            for match in pattern.finditer(text, start, end):
                inner = match.lastindex is not None and len(match[1] or "") >= SHORTEST_INNER
                yield Finding(Kind.SECRET, *match.span(1 if inner else 0), name)


@lru_cache(maxsize=len(_PLUGINS))
def _load(path: str) -> tuple[str, tuple[re.Pattern[str], ...]]:
    module, name = path.split(".")
    plugin = getattr(import_module(f"detect_secrets.plugins.{module}"), name)
    return str(plugin.secret_type), tuple(plugin.denylist)


def _said(text: str) -> Iterator[Finding]:
    for match in _LINK.finditer(text):
        word = _WORD_BEFORE.search(text, max(0, match.start() - LONGEST_WORD), match.start())
        if word is None:
            continue
        value = match["value"].rstrip(".,;:!?)")
        if len(value) < 4 or _PLACEHOLDER.match(value):
            continue
        told = match["open"] is not None or match[0][0] in ":=→" or ":" in match[0][:8]
        after = text[match.end("value") : match.end("value") + 2].lstrip(" .;!?)\"'»`")
        ends = not after or after[0] in "\r\n"
        if _PLAIN.match(value):
            # "mot de passe : ouistiti" alone on its line is one, "mot de passe : changez-le
            # souvent" is advice.
            if not (told and (ends or match["open"])):
                continue
        elif not told and not any(map(str.isdigit, value)):
            continue
        start = match.start("value")
        what = "logins" if word["login"] else "passwords"
        yield Finding(Kind.SECRET, start, start + len(value), f"a word for {what} before it")
