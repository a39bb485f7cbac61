# ruff: noqa: E501 - sentences and patterns are read best on one line
"""Texts that insult, threaten or degrade, as far as patterns see it. Only flags come of it.

No identity stands in the patterns: a finding needs a coarse word, or a degrading word that is said
*of* somebody, or a threat with its victim. So naming a group proves nothing, and what is said
about harassment, rats or killed processes passes; so does contempt in fine words.
docs/safety.md has the figures.
"""

from __future__ import annotations

import re

from assistant.safety.injection import injection_threshold
from assistant.safety.linear import plain
from assistant.types import Flag

_COARSE = r"""
assholes? arseholes? bastards? bitch bitches bullshitters? cocksuckers? cunts? dickheads? dipshits?
douchebags? dumbass(?:es)? fuckers? fuckwits? jackass(?:es)? motherfuckers? scumbags? shitheads? sluts?
twats? wankers? whores? subhumans? untermensch
abrutis? batards? connards? connasses? encules? enfoires? fiotte fumiers? gouges? grognasses? petasses?
pouffiasses? putes? raclures? salauds? salopards? salopes? sous-hommes? tocards? trouducs?
""".split()

_DEGRADING = r"""
animals apes? cancer clowns? cockroach(?:es)? cowards? cretins? crooks? cows? devils? dirt dogs?
disgrace disgusting dumb evil filth filthy fools? freaks? garbage idiots? idiotic imbeciles? 
liars? losers? lunatics? monkeys? monsters? morons? moronic parasites? pathetic pests? pigs? rats? repulsive
repugnant rubbish savages? scum stupid subhuman thieves thief trash ugly vermin vile worthless
animaux bestiaux betes? betise cafards? charognes? clowns? cretins? cretines? debiles? dechets? degoutants?
degoutantes? degenere(?:e?s?)? faineants? idiots? idiotes? imbeciles? laches? merdes?
menteurs? menteuses? minables? moches? monstres? nuisibles? ordures? parasites? porcs? pourritures? racaille
rats? repugnants? repugnantes? sauvages? singes? tares? truies? vaches? vermine voleurs? voleuses? nuls? nulles?
""".split()

_W = r"(?:\w+ )"
_COARSE_ANY = "|".join(_COARSE)
_DEGRADING_ANY = "|".join(_DEGRADING)
_PERSON = r"(?:you|he|she|they|these people|those people|this guy|that guy|him|them)"
_PERSONNE = r"(?:tu|vous|il|elle|ils|elles|ces gens|ce type|cette femme|ces types)"
_HARM = r"(?:kill|murder|hurt|shoot|stab|strangle|beat up|rape|torture|hang|lynch|exterminate)"
_BLESSE = r"(?:tuer|buter|crever|egorger|etrangler|tabasser|violer|torturer|pendre|lyncher|exterminer|frapper)"

_PATTERNS = re.compile(
    "|".join(
        (
            rf"\b(?:{_COARSE_ANY})\b",
            rf"\bf+u+c+k+(?:ing)? (?:you|off|him|her|them|yourself|{_DEGRADING_ANY})\b|\bgo to hell\b",
            r"\bshut (?:up\b|the (?:fuck|hell) up|your (?:\w+ )?(?:mouth|trap|face)\b)|\bpiss off\b|\bpiece of (?:shit|trash|garbage)\b",
            r"\b(?:va te faire|allez vous faire|nique|niquer) \w+|\bferme ta (?:gueule|bouche)|\bva au diable\b|\bta gueule\b",
            # said of somebody
            rf"\b(?:{_PERSON} (?:are|is|re|s|will always be)|i am sure you are) {_W}{{0,4}}(?:{_DEGRADING_ANY})\b",
            rf"\b(?:{_PERSONNE}|c) (?:es|etes|est|sont) {_W}{{0,4}}(?:{_DEGRADING_ANY})\b",
            rf"\b(?:are|is) (?:all |just |such |nothing but |nothing more than |no more than |only ){{1,2}}(?:a |an |the )?{_W}?(?:{_DEGRADING_ANY})\b",
            rf"\bne sont (?:que|rien d autre que) (?:des? |du )?{_W}?(?:{_DEGRADING_ANY})\b",
            rf"\b(?:you|your|such|what|those|these|this|that|bunch of|pack of) (?:a |an )?(?:little |big |dirty |filthy |stupid |retarded |fucking |complete |pathetic |bloody |damn |ugly |old )+(?:{_DEGRADING_ANY})\b",
            rf"\b(?:espece|bande|tas) (?:de|d) {_W}?(?:{_DEGRADING_ANY})\b|\bsales? (?:porcs?|rats?|betes?|animaux|ordures?|races?|chiens?|cretins?|idiots?)\b",
            r"\b(?:pauvre|gros|grosse|petit|petite|quel|quelle|parfait|parfaits) (?:petit |gros |grosse |sale )?(?:cretins?|cretines?|idiots?|idiotes?|imbeciles?|debiles?|minables?|ordures?|vaches?|porcs?|truies?|tares?|racaille)\b",
            rf"\byou (?:stupid|dumb|worthless|pathetic|filthy|disgusting|ugly|{_DEGRADING_ANY})\b",
            # of a whole group, whichever it is
            r"\b(?:do|does) not deserve to live\b|\bne meritent? pas (?:de vivre|d exister)\b",
            rf"\b(?:get rid of|wipe out|exterminate|burn) (?:all|every|those|these|the|them) {_W}{{0,2}}(?:once and for all|people|off the|alive)",
            rf"\b(?:are|is) (?:too )?(?:{'|'.join(('vermin', 'scum', 'subhuman', 'parasites', 'trash', 'cockroaches'))})\b(?! (?:to|of|in|on|that)\b)",
            r"\bsont (?:de la |des |tous des )?(?:vermine|racaille|parasites|nuisibles|cafards|sous hommes|dechets|ordures|animaux|sales)\b",
            r"\b(?:i|we|they) (?:hate|despise|loathe) (?:you|them|him|her|all|those|these)\b|\bje (?:te|vous|les|le|la) (?:hais|deteste|meprise)\b|\bje hais\b",
            r"\bback where (?:they|you) (?:came|come) from\b|\b(?:d ou|chez) (?:ils|elles|eux) (?:viennent|sortent)\b|\bretourne(?:z)? dans (?:ton|votre) pays\b",
            # threats
            rf"\b(?:i|we) (?:will|ll|am going to|are going to|m going to|re going to|want to|would love to|shall) {_W}{{0,3}}{_HARM} {_W}{{0,2}}(?:you|him|her|them|your)\b",
            rf"\b(?:je|on|nous) (?:vais|va|allons|veux) {_W}?(?:te|t|vous|le|la|les|l) {_W}?(?:{_BLESSE}|eclater|casser|defoncer|demolir)\b",
            r"\b(?:break|smash|cut) (?:your|his|her) (?:\w+ )?(?:legs?|neck|face|skull|throat|bones|head)\b|\b(?:te|t) (?:casser|eclate|eclater|briser|defoncer|couper) (?:la|les|le) \w+",
            r"\b(?:i|we) know where you (?:live|sleep)\b|\bje sais ou tu (?:habites|dors|vis)\b|\bwatch your back\b|\bsurveille tes arrieres\b",
            r"\bi hope (?:you|he|she|they) (?:die|dies|suffer|rot|get raped)\b|\bj espere que (?:tu|vous|il|elle|ils) (?:vas?|allez|vont) (?:crever|mourir|souffrir)\b",
            r"\b(?:kill|hang) yourself\b|\bsuicide toi\b|\bva (?:crever|mourir|te pendre)\b",
            r"\b(?:your|his|her|their) (?:family|children|kids) (?:will|is going to) (?:pay|die|suffer)\b|\b(?:ta|ton|tes|sa) (?:famille|enfants?|gosses) (?:le |va le |vont )?(?:paiera|paieront|payer|mourir)\b",
            r"\b(?:burn|bomb|blow up) (?:down )?(?:your|his|her|their|the houses?|the homes?)\b|\b(?:bruler|brulez|faire sauter) (?:ta|ton|sa|leurs?|les) maisons?\b",
            r"\b(?:i|we) would love to see (?:\w+ ){1,4}suffer\b|\bsomebody (?:ought to|should) (?:beat|kill|shoot|hang)\b|\bil (?:faut|faudrait) (?:les )?(?:tabasser|tuer|exterminer|pendre|bruler|virer tous)\b",
            r"\bmakes? me (?:sick|puke|vomit)\b you|\bme degoute[sz]?\b",
        )
    )
)  # fmt: skip
_JOIN = re.compile(r"[^\w]+")


def score_toxicity(text: str) -> float:
    """1.0 where a pattern is found, else 0.0."""
    return float(_PATTERNS.search(_JOIN.sub(" ", plain(text))) is not None)


def flags_of(*, injection: float, toxicity: float) -> tuple[Flag, ...]:
    """What these scores amount to."""
    found: list[Flag] = []
    if injection >= injection_threshold():
        found.append("injection")
    if toxicity >= 0.5:
        found.append("toxicity")
    return tuple(found)
