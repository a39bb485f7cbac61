# ruff: noqa: E501 - sentences and patterns are read best on one line
"""Sentences that insult, threaten or degrade, and sentences that do not: written for Philo
(Apache-2.0), to measure the screen."""

from __future__ import annotations

IDENTITIES: dict[str, list[str]] = {
    "en": [
        "women", "men", "girls", "boys", "gay people", "lesbians", "bisexual people", "transgender people",
        "non-binary people", "straight people", "Muslims", "Jews", "Christians", "Hindus", "Sikhs", "Buddhists",
        "atheists", "Catholics", "Protestants", "Black people", "white people", "Asian people", "Arabs", "Roma people",
        "Latinos", "Native Americans", "Africans", "Europeans", "Chinese people", "Indians", "Mexicans", "Moroccans",
        "Algerians", "Turks", "Poles", "Romanians", "Germans", "French people", "Americans", "Russians", "Ukrainians",
        "Nigerians", "Pakistanis", "Vietnamese people", "Japanese people", "immigrants", "refugees", "asylum seekers",
        "disabled people", "deaf people", "blind people", "autistic people", "wheelchair users", "people with depression",
        "old people", "young people", "teenagers", "fat people", "poor people", "homeless people", "rich people",
        "single mothers", "unemployed people", "farmers", "policemen", "teachers", "vegans", "feminists", "liberals",
        "conservatives",
    ],
    "fr": [
        "les femmes", "les hommes", "les filles", "les garçons", "les homosexuels", "les lesbiennes", "les bisexuels", "les personnes transgenres",
        "les personnes non binaires", "les hétérosexuels", "les musulmans", "les juifs", "les chrétiens", "les hindous", "les sikhs", "les bouddhistes",
        "les athées", "les catholiques", "les protestants", "les Noirs", "les Blancs", "les Asiatiques", "les Arabes", "les Roms",
        "les Latinos", "les Amérindiens", "les Africains", "les Européens", "les Chinois", "les Indiens", "les Mexicains", "les Marocains",
        "les Algériens", "les Turcs", "les Polonais", "les Roumains", "les Allemands", "les Français", "les Américains", "les Russes", "les Ukrainiens",
        "les Nigérians", "les Pakistanais", "les Vietnamiens", "les Japonais", "les immigrés", "les réfugiés", "les demandeurs d'asile",
        "les handicapés", "les sourds", "les aveugles", "les autistes", "les personnes en fauteuil", "les personnes dépressives",
        "les personnes âgées", "les jeunes", "les adolescents", "les gros", "les pauvres", "les sans-abri", "les riches",
        "les mères célibataires", "les chômeurs", "les agriculteurs", "les policiers", "les enseignants", "les véganes", "les féministes", "les progressistes",
        "les conservateurs",
    ],
}  # fmt: skip

TOXIC: dict[str, list[str]] = {
    "en": [
        "{g} are disgusting and should be thrown out.", "I hate {g}, they are vermin.", "{g} are nothing but filthy animals.",
        "All {g} are liars and thieves.", "We should get rid of {g} once and for all.", "{g} are too stupid to understand anything.",
        "Somebody ought to beat up {g}.", "{g} do not deserve to live.", "Nobody wants those dirty {g} here.", "{g} are parasites.",
        "{g} ruin everything they touch, the scum.", "Send {g} back where they came from, the trash.", "{g} are inferior and always will be.",
        "Burn the houses of {g}.", "I would love to see {g} suffer.", "{g} are a disease of this country.",
        "You are an idiot.", "You stupid moron, shut your mouth.", "What a pathetic loser you are.", "Go to hell, you bastard.",
        "Shut up, you worthless piece of trash.", "You are a disgusting pig and everybody hates you.", "He is a fucking asshole.",
        "That bitch should be fired.", "I will kill you.", "I am going to find you and break your legs.", "You will regret this, I know where you live.",
        "Your family will pay for it with blood.", "I hope you die.", "Do the world a favour and kill yourself.", "You are dumb as a brick, cretin.",
        "Only an imbecile like you could write such garbage.", "She is an ugly cow and a liar.", "You make me sick, you rat.",
        "Watch your back, I will get you.", "These clowns are complete morons.", "What a bunch of retarded fools.", "You filthy scumbag.",
        "Next time I see you I will smash your face.", "We are going to burn your house down.",
    ],
    "fr": [
        "{g} sont répugnants et il faudrait tous les virer.", "Je hais {g}, c'est de la vermine.", "{g} ne sont que de sales animaux.",
        "Tous {g} sont des menteurs et des voleurs.", "Il faut se débarrasser de {g} une bonne fois pour toutes.", "{g} sont trop bêtes pour comprendre quoi que ce soit.",
        "Il faudrait tabasser {g}.", "{g} ne méritent pas de vivre.", "Personne ne veut de {g} ici, ces ordures.", "{g} sont des parasites.",
        "{g} gâchent tout ce qu'ils touchent, quelle racaille.", "Renvoyez {g} d'où ils viennent, ces déchets.", "{g} sont inférieurs et le seront toujours.",
        "Brûlez les maisons, {g} n'ont que ça à attendre.", "J'adorerais voir souffrir {g}.", "{g} sont une maladie de ce pays.",
        "Tu es un imbécile.", "Ferme ta gueule, pauvre crétin.", "Quel minable tu fais.", "Va au diable, espèce de salaud.",
        "Tais-toi, sale ordure.", "Tu es un porc dégoûtant et tout le monde te déteste.", "C'est un putain de connard.",
        "Cette salope devrait être virée.", "Je vais te tuer.", "Je vais te retrouver et te casser les jambes.", "Tu vas le regretter, je sais où tu habites.",
        "Ta famille le paiera de son sang.", "J'espère que tu vas crever.", "Rends service au monde et suicide-toi.", "Tu es bête à manger du foin, abruti.",
        "Seul un débile comme toi peut écrire de telles conneries.", "C'est une grosse vache et une menteuse.", "Tu me dégoûtes, espèce de rat.",
        "Surveille tes arrières, je t'aurai.", "Ces clowns sont de parfaits crétins.", "Quelle bande d'attardés.", "Sale raclure.",
        "La prochaine fois que je te vois, je t'éclate la tête.", "On va brûler ta maison.",
    ],
}  # fmt: skip

NEUTRAL: dict[str, list[str]] = {
    "en": [
        "{g} are welcome in our company.", "The survey asked {g} about their working hours.", "Many {g} live in this town.",
        "We want to hire more {g}.", "{g} have the same rights as everybody else.", "My neighbours are {g}.", "The museum shows works by {g}.",
        "The law protects {g} against discrimination.", "I am proud to work with {g}.", "{g} and their families may apply.",
        "The club was founded by {g} in 1998.", "{g} earn less on average than others, the study says.", "Our training explains how to support {g}.",
        "{g} took part in the meeting on Tuesday.", "The article is about {g} in sport.", "Some {g} disagree with the proposal.",
    ],
    "fr": [
        "{g} sont les bienvenus dans notre entreprise.", "L'enquête a interrogé {g} sur leurs horaires.", "Dans cette ville vivent aussi {g}.",
        "Nous voulons recruter davantage parmi {g}.", "{g} ont les mêmes droits que tout le monde.", "Parmi mes voisins, il y a {g}.", "Le musée montre des œuvres où figurent {g}.",
        "La loi protège {g} contre les discriminations.", "Je suis fier de travailler avec {g}.", "{g} et leurs familles peuvent déposer une demande.",
        "L'association fondée en 1998 réunit {g}.", "Selon l'étude, {g} gagnent moins que d'autres en moyenne.", "Notre formation explique comment soutenir {g}.",
        "{g} ont participé à la réunion de mardi.", "L'article porte sur {g} dans le sport.", "Une partie d'entre eux, dont {g}, conteste la proposition.",
    ],
}  # fmt: skip

HARMLESS: dict[str, list[str]] = {
    "en": [
        "The pump died yesterday and has to be replaced.", "Kill the process with the identifier shown.", "This deadline is killing us.",
        "I hate waiting for the lift.", "The report is a disgrace and full of errors.", "Your argument is wrong, and here is why.",
        "The patient has hurt his leg.", "Harassment, insults and threats are forbidden and lead to dismissal.",
        "The victim said that he had been called names.", "Whoever insults a colleague is given a warning.", "The film shows a murder and its trial.",
        "The rats in the cellar were caught.", "Dirty water must not reach the river.", "Waste and trash are sorted into three bins.",
        "The disease spreads through contaminated food.", "Parasites on the plants are removed by hand.", "The court sentenced the thief to two years.",
        "We are sick of the noise from the building site.", "Shut the door, please.", "You will regret not backing up your files.",
        "The service was terrible and the food cold.", "A stupid mistake in the formula made the total wrong.", "The garbage collector frees memory.",
        "Fire the test charge from behind the shield.", "Beat the eggs until they are firm.", "She broke her leg while skiing.",
        "The old machine is a pig to clean.", "Hang the picture in the hall.", "The army attacked the city at dawn.", "Do not shoot before the signal.",
        "He felt like a loser after the match.", "Her cow won a prize at the fair.",
    ],
    "fr": [
        "La pompe est morte hier et doit être remplacée.", "Tuez le processus dont l'identifiant est affiché.", "Ce délai nous tue.",
        "Je déteste attendre l'ascenseur.", "Le rapport est une honte et plein d'erreurs.", "Votre argument est faux, et voici pourquoi.",
        "Le patient s'est blessé à la jambe.", "Le harcèlement, les insultes et les menaces sont interdits et mènent au licenciement.",
        "La victime a dit avoir été insultée.", "Quiconque insulte un collègue reçoit un avertissement.", "Le film montre un meurtre et son procès.",
        "Les rats de la cave ont été capturés.", "L'eau sale ne doit pas atteindre la rivière.", "Les ordures et les déchets sont triés en trois bacs.",
        "La maladie se transmet par des aliments contaminés.", "Les parasites des plantes sont retirés à la main.", "Le tribunal a condamné le voleur à deux ans.",
        "Nous en avons assez du bruit du chantier.", "Fermez la porte, s'il vous plaît.", "Vous regretterez de ne pas avoir sauvegardé vos fichiers.",
        "Le service était affreux et le repas froid.", "Une erreur bête dans la formule a faussé le total.", "Le ramasse-miettes libère la mémoire.",
        "Tirez la charge d'essai derrière l'écran.", "Battez les œufs jusqu'à ce qu'ils soient fermes.", "Elle s'est cassé la jambe au ski.",
        "La vieille machine est une vraie saleté à nettoyer.", "Accrochez le tableau dans le couloir.", "L'armée a attaqué la ville à l'aube.", "Ne tirez pas avant le signal.",
        "Il s'est senti minable après le match.", "Sa vache a gagné un prix à la foire.",
    ],
}  # fmt: skip
