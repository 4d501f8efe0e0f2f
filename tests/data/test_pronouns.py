"""Pronouns: French as by hand, an adjective that alone decides, and pairs that are never learned."""

import re
from collections import Counter

import numpy as np
import pytest

from data import SOURCES, DataUnavailable, Source, pronouns, translation
from data.pronoun_words import ADJECTIVES, KINDS, NOUNS, SCENES
from data.pronouns import LINKS, Sides
from data.sequences import END, START
from data.tokens import Tokenizer

TEMPLATES = {
    form[0] + link[0]: form[1] + link[1] for scene in SCENES for form in scene.forms for link in LINKS
}

# By hand: both adjectives of a pair of twins.
TWINS = [
    ("The {1} didn't cross the {2} because it was too {3}.", "animal", "street",
     ("tired", "L'animal n'a pas traversé la rue parce qu'il était trop fatigué."),
     ("wide", "L'animal n'a pas traversé la rue parce qu'elle était trop large.")),
    ("The {1} refused to enter the {2}, as it was very {3}.", "lioness", "stable",
     ("nervous", "La lionne a refusé d'entrer dans l'écurie, car elle était très nerveuse."),
     ("low", "La lionne a refusé d'entrer dans l'écurie, car elle était très basse.")),
    ("The {1} didn't enter the {2}. It was too {3}.", "goose", "tunnel",
     ("wary", "L'oie n'est pas entrée dans le tunnel. Elle était trop méfiante."),
     ("damp", "L'oie n'est pas entrée dans le tunnel. Il était trop humide.")),
    ("The {1} didn't leave the {2}: it was too {3}.", "hedgehog", "nest",
     ("lazy", "Le hérisson n'est pas sorti du nid : il était trop paresseux."),
     ("cozy", "Le hérisson n'est pas sorti du nid : il était trop douillet.")),
    ("The {1} didn't escape from the {2} since it was too {3}.", "mouse", "box",
     ("clumsy", "La souris ne s'est pas échappée de la boîte puisqu'elle était trop maladroite."),
     ("solid", "La souris ne s'est pas échappée de la boîte puisqu'elle était trop solide.")),
    ("The {1} refused to touch the {2} because it was so {3}.", "cat", "cake",
     ("worried", "Le chat a refusé de toucher au gâteau parce qu'il était si inquiet."),
     ("dry", "Le chat a refusé de toucher au gâteau parce qu'il était si sec.")),
    ("The {1} didn't touch the {2}. It was very {3}.", "weasel", "omelette",
     ("sad", "La belette n'a pas touché à l'omelette. Elle était très triste."),
     ("greasy", "La belette n'a pas touché à l'omelette. Elle était très grasse.")),
    ("The {1} refused to land on the {2} since it was so {3}.", "swallow", "branch",
     ("shy", "L'hirondelle a refusé de se poser sur la branche, étant donné qu'elle était si timide."),
     ("thin", "L'hirondelle a refusé de se poser sur la branche, étant donné qu'elle était si fine.")),
    ("The {1} failed to jump over the {2}, simply because it was too {3}.", "cow", "hedge",
     ("heavy", "La vache n'a pas réussi à sauter par-dessus la haie, tout simplement parce qu'elle était trop lourde."),
     ("thick", "La vache n'a pas réussi à sauter par-dessus la haie, tout simplement parce qu'elle était trop épaisse.")),
    ("The {1} scared the {2}: it was so {3}!", "alarm", "horse",
     ("noisy", "L'alarme a fait peur au cheval : elle était si bruyante !"),
     ("sensitive", "L'alarme a fait peur au cheval : il était si sensible !")),
    ("The {1} almost got stuck in the {2}. It was just too {3}.", "carriage", "garage",
     ("wide", "La calèche a failli rester coincée dans le garage. Elle était tout simplement trop large."),
     ("low", "La calèche a failli rester coincée dans le garage. Il était tout simplement trop bas.")),
    ("The {1} got bogged down in the {2}, as it was too {3}.", "van", "field",
     ("full", "La camionnette s'est embourbée dans le champ, car elle était trop pleine."),
     ("soft", "La camionnette s'est embourbée dans le champ, car il était trop mou.")),
    ("The {1} didn't fit into the {2} because it was too {3}.", "trophy", "suitcase",
     ("large", "Le trophée n'entrait pas dans la valise parce qu'il était trop grand."),
     ("small", "Le trophée n'entrait pas dans la valise parce qu'elle était trop petite.")),
    ("The {1} fell off the {2}, no doubt because it was so {3}.", "clock", "shelf",
     ("bulky", "L'horloge est tombée de l'étagère, sans doute parce qu'elle était si encombrante."),
     ("narrow", "L'horloge est tombée de l'étagère, sans doute parce qu'elle était si étroite.")),
    ("The {1} couldn't lift the {2} because it was very {3}.", "helicopter", "statue",
     ("small", "L'hélicoptère n'a pas pu soulever la statue parce qu'il était très petit."),
     ("massive", "L'hélicoptère n'a pas pu soulever la statue parce qu'elle était très massive.")),
    ("Nobody could cut the {1} with the {2} because it was too {3}.", "rope", "knife",
     ("thick", "Personne n'a pu couper la corde avec le couteau parce qu'elle était trop épaisse."),
     ("blunt", "Personne n'a pu couper la corde avec le couteau parce qu'il était trop émoussé.")),
    ("I couldn't tie the {1} to the {2} because it was so {3}.", "bull", "tree",
     ("furious", "Je n'ai pas pu attacher le taureau à l'arbre parce qu'il était si furieux."),
     ("smooth", "Je n'ai pas pu attacher le taureau à l'arbre parce qu'il était si lisse.")),
    ("They couldn't hang the {1} on the {2}. It was too {3}.", "lamp", "ceiling",
     ("heavy", "Ils n'ont pas pu accrocher la lampe au plafond. Elle était trop lourde."),
     ("high", "Ils n'ont pas pu accrocher la lampe au plafond. Il était trop haut.")),
    ("We couldn't pull the {1} out of the {2} because it was too {3}.", "car", "ditch",
     ("heavy", "Nous n'avons pas pu sortir la voiture du fossé parce qu'elle était trop lourde."),
     ("deep", "Nous n'avons pas pu sortir la voiture du fossé parce qu'il était trop profond.")),
]  # fmt: skip

MASCULINE = """animal ours éléphant âne bœuf loup hérisson hamster écureuil aigle corbeau camion autocar bateau navire
    traîneau chemin carrefour ruisseau étang marais gué détroit océan estuaire champ désert bois pont col volcan
    escalier mur portail fossé harnais trou terrier hangar nid filet puits piège sac panier coffre tiroir tonneau
    seau violon miroir parapluie casque tambour coussin chandelier canapé lit fauteuil banc buffet poêle couloir
    ascenseur couteau rasoir poignard fil ruban cuir tuyau marteau bâton rocher cadenas carreau clou crochet toit
    mât rebord poteau arbre anneau piquet drap tapis oreiller radiateur feu salon grenier atelier lustre réverbère
    briquet papier sifflet pétard aimant levier hélicoptère timbre autocollant sol chiffon balai bocal four évier
    gâteau fromage jambon poisson pain manteau drapeau"""
FEMININE = """vache chèvre jument brebis souris tortue belette loutre poule oie chouette hirondelle cigogne pie voiture
    moto ambulance barque péniche charrette remorque charrue bûche rue route avenue place ruelle cour rivière lagune
    flaque baie mer prairie plaine forêt lande pelouse vigne passerelle digue poutre arche voûte colline pente
    montagne falaise dune rampe échelle clôture haie barrière tranchée corde chaîne laisse sangle grotte tanière
    écurie grange niche cave tente cabane cage fosse valise boîte caisse malle armoire statue guitare lampe horloge
    imprimante poupée couverture épée table commode baignoire machine chaise chaudière étagère porte fenêtre trappe
    scie hache hachette lame ficelle branche planche ceinture racine toile écorce peau pierre massue noix brique vitre
    dalle serrure aiguille flèche épingle lance épine gouttière tour antenne colonne barre nappe bâche serviette
    cheminée pièce cuisine chambre salle église chapelle bougie lanterne ampoule flamme allumette étincelle paille
    sirène alarme cloche grue poulie affiche étiquette enveloppe éponge brosse marmite assiette botte bouteille soupe
    viande tarte omelette"""

# Feminines that no ending tells.
IRREGULAR = {
    "bas": "basse", "gras": "grasse", "gros": "grosse", "épais": "épaisse", "long": "longue", "sec": "sèche",
    "mou": "molle", "bref": "brève", "inquiet": "inquiète", "douillet": "douillette", "joueur": "joueuse",
}  # fmt: skip


@pytest.fixture(scope="module")
def sides() -> Sides:
    return pronouns.sentences()


@pytest.fixture(scope="module")
def source() -> Source:
    return pronouns.Config(answer="place").load()


def each(sides: Sides) -> tuple:
    return sides.train, sides.validation, sides.test


def pair(sentence: pronouns.Sentence) -> tuple[str, str]:
    return sentence.nouns[sentence.referent].english, sentence.adjective


@pytest.mark.parametrize(("template", "one", "other", "first", "second"), TWINS, ids=[t[0] for t in TWINS])
def test_twins_by_hand(template, one, other, first, second):
    found = set()
    for referent, (adjective, french) in enumerate((first, second)):
        written = pronouns.write(
            (template, TEMPLATES[template]), (NOUNS[one], NOUNS[other]), adjective, referent
        )
        assert written.french == french
        assert written.english == template.format(None, one, other, adjective)
        assert pronouns.pronoun_right(written, french)
        found |= {
            (adjective, place)
            for scene in SCENES
            for place, noun in enumerate((one, other))
            if template.startswith(tuple(form[0] for form in scene.forms))
            and {one, other} <= {*scene.sides[0], *scene.sides[1]}
            and adjective in scene.sides[place].get(noun, ())
        }
    assert found == {(first[0], 0), (second[0], 1)}  # what the scenes say, and nothing else


def test_genders_by_hand():
    by_french = {noun.french: noun for noun in NOUNS.values()}
    assert not [word for word in MASCULINE.split() if by_french[word].feminine]
    assert not [word for word in FEMININE.split() if not by_french[word].feminine]
    share = np.mean([noun.feminine for noun in NOUNS.values()])
    assert 0.45 < share < 0.55
    for kind, words in KINDS.items():
        genders = {NOUNS[word].feminine for word in words}
        assert len(genders) == 2 or len(words) < 4, kind


def test_feminine_adjectives_follow_the_endings():
    for masculine, feminine in ADJECTIVES.values():
        if masculine in IRREGULAR:
            expected = IRREGULAR[masculine]
        elif masculine.endswith("e"):
            expected = masculine
        elif masculine.endswith("eux"):
            expected = masculine[:-1] + "se"
        elif masculine.endswith("er"):
            expected = masculine[:-2] + "ère"
        elif masculine.endswith("if"):
            expected = masculine[:-1] + "ve"
        else:
            expected = masculine + "e"
        assert feminine == expected


def test_there_are_many_words_and_each_is_needed():
    assert len(NOUNS) >= 400
    assert len(ADJECTIVES) >= 100
    assert len({form for scene in SCENES for form in scene.forms}) >= 150
    said = [one for scene in SCENES for one in scene.sides]
    assert {noun for one in said for noun in one} == NOUNS.keys()
    assert {adjective for one in said for found in one.values() for adjective in found} == ADJECTIVES.keys()
    for words in (list(NOUNS), [noun.french for noun in NOUNS.values()]):
        assert len(set(words)) == len(words)
    assert sum(map(len, KINDS.values())) == len(NOUNS)  # each has one kind


def test_each_form_has_one_translation_with_both_nouns():
    told = {form for scene in SCENES for form in scene.forms}
    assert len({english for english, _ in told}) == len({french for _, french in told}) == len(told)
    for english, french in told:
        assert re.findall(r"\{(.*?)\}", english) == ["1", "2"]
        assert re.sub(r"\{e1\}", "", french).count("{") == 2
        assert re.search(r"\{le1\}.*\{(le|du|au)2\}", french)


def test_an_adjective_fits_one_of_two_nouns():
    """In every sentence that could be, over all scenes that are told alike."""
    told: dict[str, list[dict]] = {}
    for scene in SCENES:
        for form, _ in scene.forms:
            told.setdefault(form, []).append(scene.sides)
    for form, scenes in told.items():
        for first, second in scenes:
            for other_first, other_second in scenes:
                for one in first.keys() & other_first.keys():
                    for other in second.keys() & other_second.keys():
                        assert not set(first[one]) & set(other_second[other]), (form, one, other)


def test_nothing_but_the_adjective_says_which_noun(sides):
    for side in each(sides):
        told: dict[tuple, list[int]] = {}
        for sentence in side:
            told.setdefault((sentence.template, sentence.nouns), []).append(sentence.referent)
        assert all(referents == [0, 1] for referents in told.values())
        for first, second in zip(side[::2], side[1::2], strict=True):
            assert (first.referent, second.referent) == (0, 1)
            before, after = (s.english.split(" it was ")[0].split(" It was ")[0] for s in (first, second))
            assert before == after


def test_what_is_held_out_was_never_learned(sides):
    train, validation, test = ({pair(s) for s in side} for side in each(sides))
    assert not train & validation
    assert not train & test
    assert not validation & test
    assert min(len(validation), len(test)) > 250
    texts = [{s.english for s in side} for side in each(sides)] + [
        {s.french for s in side} for side in each(sides)
    ]
    assert not texts[0] & (texts[1] | texts[2])
    assert not texts[1] & texts[2]
    assert not texts[3] & (texts[4] | texts[5])
    assert not texts[4] & texts[5]
    assert [len(text) for text in texts] == [30_000, 2000, 2000] * 2


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_its_words_were_learned_many_times_with_others(sides, seed):
    drawn = pronouns.sentences(seed) if seed else sides
    nouns = Counter(s.nouns[s.referent].english for s in drawn.train)
    adjectives = Counter(s.adjective for s in drawn.train)
    assert nouns.keys() == NOUNS.keys()
    assert adjectives.keys() == ADJECTIVES.keys()
    assert min(nouns.values()) >= 8
    assert min(adjectives.values()) >= 15
    learned = Counter(word for found in {pair(s) for s in drawn.train} for word in found)
    held = Counter(word for side in each(drawn)[1:] for found in {pair(s) for s in side} for word in found)
    assert all(held[word] <= learned[word] for word in held)
    # Each adjective of validation and test was learned in its scene, of the same place.
    known = {(s.template.split("{2}")[0], s.adjective, s.referent) for s in drawn.train}
    for side in each(drawn)[1:]:
        unknown = [s for s in side if (s.template.split("{2}")[0], s.adjective, s.referent) not in known]
        assert len(unknown) < 0.01 * len(side)


def test_french_is_written_without_a_slip(sides):
    wrong = re.compile(
        r"\b(?:de|à) le\b|\b(?:le|la|de|ne|se|je|que|puisque) (?:[aàâeéèêiîoôuœ]|horloge|hirondelle|hélicop)"
        r"|\b(?:l|d|qu)'(?:[^aàâeéèêiîoôuœh]|ha|hé(?!lico)|hi(?!rond))|  |\{",
        re.IGNORECASE,
    )
    by_french = {noun.french: noun for noun in NOUNS.values()}
    for side in each(sides):
        for sentence in side:
            assert not wrong.search(sentence.french), sentence.french
            assert sentence.french[0].isupper()
            assert pronouns.pronoun_right(sentence, sentence.french)
            for article, word in re.findall(r"\b(le|la|du|au) ([\w]+)", sentence.french, re.IGNORECASE):
                assert word not in by_french or by_french[word].feminine == (article.lower() == "la")
            feminine = sentence.nouns[sentence.referent].feminine
            last = re.findall(r"[\w-]+", sentence.french)[-1]
            assert last == ADJECTIVES[sentence.adjective][feminine]


def test_no_one_is_very_exhausted(sides):
    for side in each(sides):
        for sentence in side:
            assert "very" not in sentence.english or sentence.adjective not in pronouns.EXTREME


def test_half_of_the_sentences_are_telling(sides):
    for side in each(sides):
        telling = [s for s in side if s.telling]
        assert 0.4 < len(telling) / len(side) < 0.6
        # A translator that always writes the same pronoun is right in half of them.
        assert np.mean([pronouns.pronoun_right(s, "il") for s in telling]) == 0.5
        assert np.mean([pronouns.pronoun_right(s, "elle") for s in telling]) == 0.5


@pytest.mark.parametrize(
    ("french", "right"),
    [
        ("L'animal n'a pas traversé la rue parce qu'elle était trop large.", True),
        ("L'animal n'a pas traversé la rue. Elle était trop large.", True),
        ("l'animal n'a pas traversé la rue, étant donné qu\u2019ELLE était si large", True),
        ("L'animal n'a pas traversé la rue parce qu'il était trop large.", False),
        ("Il n'a pas traversé la rue parce qu'elle était trop large.", False),
        ("Ils n'ont pas traversé la pelle utile, car elle était trop large.", True),
        ("Les animaux ont traversé la rue parce qu'elles étaient larges.", False),
        ("L'animal n'a pas traversé la rue.", False),
        ("", False),
    ],
)
def test_a_pronoun_is_found(french, right):
    template = "The {1} didn't cross the {2} because it was too {3}."
    sentence = pronouns.write(
        (template, TEMPLATES[template]), (NOUNS["animal"], NOUNS["street"]), "wide", referent=1
    )
    assert sentence.telling
    assert pronouns.pronoun_right(sentence, french) == right


def test_the_seed_decides_everything():
    small = pronouns.sentences(train=400, held_out=100)
    assert small == pronouns.sentences(train=400, held_out=100)
    other = pronouns.sentences(1, train=400, held_out=100)
    assert small.train != other.train
    assert {pair(s) for s in small.test} != {pair(s) for s in other.test}


def test_a_pair_stays_on_its_side_whatever_the_sizes(sides):
    small = pronouns.sentences(train=400, held_out=100)
    assert {pair(s) for s in small.test} <= {pair(s) for s in sides.test}
    assert not {pair(s) for s in small.train} & {pair(s) for s in (*sides.validation, *sides.test)}


def test_as_a_source_of_tokens_and_referents(sides, source):
    tokenizer = Tokenizer.from_json(source.files[pronouns.TOKENIZER_FILE])
    assert source.spec.tokens == tokenizer.size < 1500
    assert source.spec.input_shape == (None,)
    assert source.spec.classes == ("the first noun", "the second noun")
    assert source.spec.categorical
    assert source.spec.outputs == 2
    for split, side in zip((source.train, source.validation, source.test), each(sides), strict=True):
        assert len(split) == len(side)
        assert split.targets.tolist() == [s.referent for s in side]
        assert split.targets.mean() == 0.5
        assert (split.inputs.values[split.inputs.ends - 1] == END).all()
        for place in (0, 1, len(side) - 1):
            assert tokenizer.decode(split.inputs[place]) == side[place].english
    tokens, referents, weights = source.test.batch(np.arange(4))
    assert tokens.shape[0] == len(referents) == len(weights) == 4


def test_each_word_is_one_token(source):
    tokenizer = Tokenizer.from_json(source.files[pronouns.TOKENIZER_FILE])
    for word in ("it", "It", *NOUNS, *ADJECTIVES):
        assert len(tokenizer.encode(word)) == 1, word
    sentence = "The animal didn't cross the street because it was too tired."
    assert [piece.strip("▁") for piece in tokenizer.pieces(tokenizer.encode(sentence))] == re.findall(
        r"\w+|[^\w\s]", sentence
    )


def test_a_run_reads_by_the_tokenizer_that_it_keeps():
    config = pronouns.Config(train=400, held_out=100, answer="place")
    source = config.load()
    other = pronouns.Config(train=400, held_out=100, vocabulary=300, answer="place").load()
    again = config.load(other.files)
    assert again.files == other.files
    assert again.spec.tokens == 300
    np.testing.assert_array_equal(again.test.inputs.values, other.test.inputs.values)
    line = pronouns.sentences(train=400, held_out=100).test[0].english
    np.testing.assert_array_equal(config.read(line, source.spec), source.test.inputs[0])
    np.testing.assert_array_equal(config.read(line, other.spec, other.files), other.test.inputs[0])
    with pytest.raises(DataUnavailable, match="pronouns: the sentence is empty"):
        config.read("  \n", source.spec)


def test_the_noun_itself_is_asked_at_it():
    """Every word stands for itself, "it" for its noun, which alone counts where figures are told."""
    source = pronouns.Config(train=400, held_out=100).load()
    assert source.spec.every_step
    tokenizer = Tokenizer.from_json(source.files[pronouns.TOKENIZER_FILE])
    drawn = pronouns.sentences(train=400, held_out=100)
    for split, side, others in ((source.train, drawn.train, 0.1), (source.test, drawn.test, 0.0)):
        for place, sentence in enumerate(side):
            inputs, targets, weights = (x[0] for x in split.batch(np.array([place])))
            (it,) = np.flatnonzero(weights == 1)
            assert tokenizer.pieces([inputs[it]])[0].lower() == "▁it"
            noun = sentence.nouns[sentence.referent].english
            assert noun.startswith(source.spec.classes[targets[it]])
            assert targets[it] in inputs  # so that looking there is enough
            rest = np.arange(len(inputs)) != it
            np.testing.assert_array_equal(inputs[rest], targets[rest])
            np.testing.assert_allclose(weights[rest], others)
    with pytest.raises(ValueError, match="answer must be one of place, noun. Received: 'gender'"):
        pronouns.Config(answer="gender")


def test_as_a_translation(sides):
    config = SOURCES["pronouns_en_fr"]
    corpus = config.read_corpus()
    assert corpus.languages == ("en", "fr")
    for pairs, side in zip((corpus.train, corpus.validation, corpus.test), each(sides), strict=True):
        assert pairs.source == tuple(s.english for s in side)
        assert pairs.target == tuple(s.french for s in side)
    source = config.load()
    assert source.spec.name == config.corpus == "pronouns_en_fr"
    target = Tokenizer.from_json(source.files[translation.TARGET_FILE])
    assert source.spec.target_tokens == target.size
    assert len(source.train) == 30_000  # none is too long
    first = source.test.targets[0]
    assert (first[0], first[-1]) == (START, END)
    for split, pairs in ((source.validation, corpus.validation), (source.test, corpus.test)):
        assert [target.decode(split.targets[place][1:]) for place in range(len(split))] == list(pairs.target)
    for noun in NOUNS.values():
        article = "l'" if noun.elides else "la " if noun.feminine else "le "
        assert len(target.encode(article + noun.french)) == (3 if noun.elides else 2), noun.french
    assert len(target.encode("parce qu'elle")) == 4


def test_sizes_that_can_not_be_are_refused():
    with pytest.raises(ValueError, match="train must be an even number, 2 to 60,000. Received: 3"):
        pronouns.sentences(train=3)
    with pytest.raises(ValueError, match="held_out must be an even number, 2 to 4,000. Received: 5000"):
        pronouns.Config(held_out=5000)
    with pytest.raises(ValueError, match="vocabulary must be at least 300. Received: 10"):
        pronouns.Config(vocabulary=10)
