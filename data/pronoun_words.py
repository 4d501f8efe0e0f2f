"""The words and scenes of `data.pronouns`, in English and in French.

A scene is an event with two nouns, and the adjectives that explain it by either of them: what crosses a
street is too tired, a street that is crossed too wide. Nothing else in a sentence says which of them "it" is.
"""

from dataclasses import dataclass
from functools import cached_property

MUTE_H = ("horloge", "hirondelle", "hélicoptère")  # before which an article is elided; other h's are not
VOWELS = "aàâeéèêiîoôuûœ"


@dataclass(frozen=True)
class Noun:
    """A noun in both languages.

    Args:
        english: In English, where it is "it".
        french: In French.
        feminine: Whether it is "elle" there, not "il".
    """

    english: str
    french: str
    feminine: bool

    @property
    def elides(self) -> bool:
        """Whether "le" or "la" before it is "l'"."""
        return self.french[0] in VOWELS or self.french in MUTE_H


@dataclass(frozen=True)
class Scene:
    """An event between two nouns, and what explains it.

    Args:
        forms: How it is told, in English and in French. {1} and {2} are the nouns, in French {le1} and {le2}
            with their article, {du2} and {au2} the second after "de" and "à"; {e1} is what a participle
            that agrees with the first ends in.
        first: What may be the first noun, and the adjectives that explain the event by it: "nouns:
            adjectives; ...". Nouns are named one by one or as a kind of `KINDS`; -path leaves one out.
        second: The same of the second noun.
    """

    forms: tuple[tuple[str, str], ...]
    first: str
    second: str

    @cached_property
    def sides(self) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
        """What `first` and `second` say: the adjectives of each noun."""
        return _adjectives(self.first), _adjectives(self.second)


def _adjectives(text: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for row in text.split(";"):
        named, adjectives = row.split(":")
        left_out = [word[1:] for word in named.split() if word[0] == "-"]
        for word in named.split():
            for noun in KINDS.get(word, (word,)):
                if word[0] != "-" and noun not in left_out:
                    found.setdefault(noun, []).extend(adjectives.split())
    return {noun: tuple(dict.fromkeys(adjectives)) for noun, adjectives in found.items()}


_NOUNS = {
    "beasts": """
        animal un animal, horse un cheval, donkey un âne, bull un taureau, camel un chameau, bear un ours,
        elephant un éléphant, lion un lion, wolf un loup, pig un cochon, ox un bœuf, zebra un zèbre,
        sheep un mouton, cow une vache, goat une chèvre, giraffe une girafe, mare une jument, ewe une brebis,
        panther une panthère, lioness une lionne, tigress une tigresse, antelope une antilope, mule une mule,
        doe une biche, gazelle une gazelle""",
    "pets": """
        dog un chien, cat un chat, rabbit un lapin, rat un rat, squirrel un écureuil, hedgehog un hérisson,
        hamster un hamster, fox un renard, puppy un chiot, ferret un furet, duck un canard, mouse une souris,
        frog une grenouille, tortoise une tortue, weasel une belette, otter une loutre, marmot une marmotte,
        mole une taupe, hen une poule, goose une oie""",
    "birds": """
        eagle un aigle, crow un corbeau, pigeon un pigeon, swan un cygne, parrot un perroquet,
        sparrow un moineau, owl une chouette, swallow une hirondelle, stork une cigogne, seagull une mouette,
        dove une colombe, magpie une pie""",
    "vehicles": """
        truck un camion, bus un bus, tractor un tracteur, coach un autocar, taxi un taxi, minibus un minibus,
        scooter un scooter, bulldozer un bulldozer, car une voiture, van une camionnette, jeep une jeep,
        ambulance une ambulance, motorcycle une moto, limousine une limousine, excavator une pelleteuse""",
    "boats": """
        boat un bateau, canoe un canoë, raft un radeau, ship un navire, ferry un ferry, sailboat un voilier,
        rowboat une barque, barge une péniche, gondola une gondole, frigate une frégate, galley une galère""",
    "loads": """
        wagon un chariot, sled un traîneau, roller un rouleau, cart une charrette, carriage une calèche,
        trailer une remorque, plow une charrue, log une bûche""",
    "streets": """
        boulevard un boulevard, junction un carrefour, path un chemin, street une rue, road une route,
        avenue une avenue, highway une autoroute, square une place, track une piste""",
    "yards": "alley une ruelle, courtyard une cour, driveway une allée",
    "waters": """
        stream un ruisseau, canal un canal, lake un lac, pond un étang, swamp un marais, torrent un torrent,
        ford un gué, river une rivière, lagoon une lagune, puddle une flaque""",
    "seas": "strait un détroit, ocean un océan, estuary un estuaire, bay une baie, sea une mer",
    "lands": """
        field un champ, desert un désert, wood un bois, meadow une prairie, plain une plaine,
        forest une forêt, valley une vallée, moor une lande, savanna une savane""",
    "lawns": "garden un jardin, orchard un verger, lawn une pelouse, vineyard une vigne",
    "bridges": """
        bridge un pont, viaduct un viaduc, pontoon un ponton, footbridge une passerelle, dike une digue""",
    "arches": "porch un porche, beam une poutre, arch une arche, vault une voûte",
    "slopes": """
        pass un col, volcano un volcan, glacier un glacier, embankment un talus, staircase un escalier,
        hill une colline, slope une pente, mountain une montagne, cliff une falaise, dune une dune,
        ramp une rampe, ladder une échelle""",
    "barriers": """
        wall un mur, gate un portail, rampart un rempart, parapet un parapet, fence une clôture,
        hedge une haie, barrier une barrière, barricade une barricade, palisade une palissade""",
    "ditches": "ditch un fossé, trench une tranchée",
    "restraints": """
        cable un câble, lasso un lasso, collar un collier, harness un harnais, rope une corde,
        chain une chaîne, leash une laisse, strap une sangle""",
    "shelters": """
        hole un trou, burrow un terrier, tunnel un tunnel, shed un hangar, garage un garage, nest un nid,
        cave une grotte, den une tanière, stable une écurie, barn une grange, kennel une niche,
        cellar une cave, tent une tente, hut une cabane""",
    "traps": "net un filet, well un puits, trap un piège, cage une cage, pit une fosse",
    "containers": """
        bag un sac, basket un panier, chest un coffre, drawer un tiroir, cupboard un placard,
        satchel un cartable, barrel un tonneau, bucket un seau, suitcase une valise, box une boîte,
        crate une caisse, trunk une malle, wardrobe une armoire, briefcase une mallette""",
    "objects": """
        trophy un trophée, violin un violon, painting un tableau, ball un ballon, vase un vase,
        mirror un miroir, umbrella un parapluie, helmet un casque, drum un tambour, globe un globe,
        cushion un coussin, keyboard un clavier, microscope un microscope, telescope un télescope,
        parcel un colis, candlestick un chandelier, statue une statue, guitar une guitare, lamp une lampe,
        clock une horloge, printer une imprimante, racket une raquette, doll une poupée,
        blanket une couverture, sword une épée, trumpet une trompette, radio une radio,
        puppet une marionnette, kettle une bouilloire, sculpture une sculpture""",
    "furniture": """
        sofa un canapé, piano un piano, bed un lit, desk un bureau, armchair un fauteuil, bench un banc,
        sideboard un buffet, stove un poêle, refrigerator un réfrigérateur, mattress un matelas,
        stool un tabouret, table une table, dresser une commode, bookcase une bibliothèque,
        bathtub une baignoire, machine une machine, chair une chaise, boiler une chaudière,
        shelf une étagère""",
    "openings": """
        corridor un couloir, passage un passage, door une porte, window une fenêtre, hatch une trappe,
        skylight une lucarne, entrance une entrée, elevator un ascenseur""",
    "blades": """
        knife un couteau, razor un rasoir, dagger un poignard, scalpel un scalpel, penknife un canif,
        cleaver un couperet, saw une scie, axe une hache, hatchet une hachette, sickle une faucille,
        machete une machette, blade une lame""",
    "materials": """
        wire un fil, ribbon un ruban, fabric un tissu, leather un cuir, cardboard un carton,
        bamboo un bambou, hose un tuyau, string une ficelle, branch une branche, plank une planche,
        belt une ceinture, root une racine, canvas une toile, bark une écorce, hide une peau""",
    "strikers": """
        hammer un marteau, mallet un maillet, stick un bâton, pickaxe une pioche, sledgehammer une masse,
        stone une pierre, club une massue""",
    "breakables": """
        rock un rocher, padlock un cadenas, tile un carreau, nut une noix, brick une brique, pane une vitre,
        slab une dalle, shell une coquille, lock une serrure""",
    "spikes": """
        nail un clou, awl un poinçon, hook un crochet, needle une aiguille, arrow une flèche,
        pin une épingle, spear une lance, thorn une épine, drill une perceuse""",
    "heights": """
        roof un toit, balcony un balcon, ceiling un plafond, gutter une gouttière, tower une tour,
        terrace une terrasse""",
    "perches": "mast un mât, ledge un rebord, antenna une antenne",
    "posts": """
        post un poteau, tree un arbre, ring un anneau, pillar un pilier, stake un piquet, bush un buisson,
        column une colonne, bar une barre""",
    "covers": """
        sheet un drap, carpet un tapis, curtain un rideau, tablecloth une nappe, tarp une bâche,
        towel une serviette, pillow un oreiller""",
    "heaters": "radiator un radiateur, fire un feu, fireplace une cheminée",
    "rooms": """
        lounge un salon, attic un grenier, workshop un atelier, room une pièce, kitchen une cuisine,
        bedroom une chambre, hall une salle, church une église, chapel une chapelle""",
    "lights": """
        spotlight un projecteur, chandelier un lustre, streetlight un réverbère, candle une bougie,
        lantern une lanterne, torch une torche, bulb une ampoule""",
    "igniters": "lighter un briquet, flame une flamme, match une allumette, spark une étincelle",
    "burnables": "paper un papier, straw une paille",
    "noises": """
        whistle un sifflet, engine un moteur, firecracker un pétard, gong un gong, siren une sirène,
        alarm une alarme, bell une cloche, mower une tondeuse""",
    "lifters": """
        winch un treuil, jack un cric, robot un robot, magnet un aimant, lever un levier,
        helicopter un hélicoptère, crane une grue, pulley une poulie""",
    "stickers": """
        stamp un timbre, sticker un autocollant, poster une affiche, label une étiquette, photo une photo""",
    "surfaces": "envelope une enveloppe, floor un sol",
    "cleaners": "rag un chiffon, broom un balai, sponge une éponge, brush une brosse",
    "dishes": """
        jar un bocal, oven un four, sink un évier, grill un gril, pot une marmite, plate une assiette,
        boot une botte, bottle une bouteille""",
    "foods": """
        cake un gâteau, cheese un fromage, ham un jambon, stew un ragoût, fish un poisson, bread un pain,
        gratin un gratin, soup une soupe, meat une viande, pie une tarte, sausage une saucisse,
        omelette une omelette, pizza une pizza, pancake une crêpe, salad une salade""",
    "hung": "coat un manteau, flag un drapeau",
}

_ADJECTIVES = """
    agile agile agile, arid aride aride, bitter amer amère, blunt émoussé émoussée,
    brave courageux courageuse, brief bref brève, bulky encombrant encombrante, burnt brûlé brûlée,
    busy fréquenté fréquentée, calm calme calme, cautious prudent prudente, choppy agité agitée,
    clumsy maladroit maladroite, comfortable confortable confortable, cozy douillet douillette,
    cunning rusé rusée, damaged endommagé endommagée, damp humide humide, dark sombre sombre,
    deaf sourd sourde, deep profond profonde, delicate délicat délicate, dense dense dense,
    distant éloigné éloignée, dry sec sèche, exhausted épuisé épuisée, faint faible faible,
    fast rapide rapide, fat gros grosse, fierce féroce féroce, fragile fragile fragile,
    frightened effrayé effrayée, full plein pleine, furious furieux furieuse, greasy gras grasse,
    hard dur dure, heavy lourd lourde, high haut haute, hungry affamé affamée, icy verglacé verglacée,
    impatient impatient impatiente, large grand grande, lazy paresseux paresseuse, light léger légère,
    long long longue, loose lâche lâche, low bas basse, massive massif massive,
    moldy moisi moisie, muddy boueux boueuse, narrow étroit étroite, nervous nerveux nerveuse,
    noisy bruyant bruyante, playful joueur joueuse, pointed pointu pointue, powerful puissant puissante,
    quiet silencieux silencieuse, restless agité agitée, rickety branlant branlante, rotten pourri pourrie,
    rough rugueux rugueuse, rusty rouillé rouillée, sad triste triste, salty salé salée,
    scalding brûlant brûlante, scratchy rêche rêche, sensitive sensible sensible,
    sharp tranchant tranchante, short court courte, shrill strident stridente, shy timide timide,
    sick malade malade, sleepy somnolent somnolente, slippery glissant glissante, slow lent lente,
    small petit petite, smooth lisse lisse, soft mou molle, solid solide solide, spicy épicé épicée,
    steep raide raide, sticky collant collante, stiff rigide rigide, stony caillouteux caillouteuse,
    strong fort forte, stubborn têtu têtue, sweet sucré sucrée, tall haut haute, thick épais épaisse,
    thin fin fine, thirsty assoiffé assoiffée, tired fatigué fatiguée, unstable instable instable,
    vast vaste vaste, wary méfiant méfiante, weak faible faible, wet mouillé mouillée, wide large large,
    wild sauvage sauvage, worn usé usée, worried inquiet inquiète, young jeune jeune"""


def _listed(text: str) -> list[list[str]]:
    return [entry.split() for entry in text.split(",")]


KINDS = {kind: tuple(words[0] for words in _listed(text)) for kind, text in _NOUNS.items()}
NOUNS = {
    english: Noun(english, french, article == "une")
    for text in _NOUNS.values()
    for english, article, french in _listed(text)
}
ADJECTIVES = {english: (masculine, feminine) for english, masculine, feminine in _listed(_ADJECTIVES)}

Forms = tuple[tuple[str, str], ...]

# What a first noun did not do: English, by {0}, and French, by the finite form {1} or the infinitive {2}.
_DIDNT = ("The {{1}} didn't {0}", "{{le1}} {1}")
_COULDNT = ("The {{1}} couldn't {0}", "{{le1}} n'a pas pu {2}")
_FAILED = ("The {{1}} failed to {0}", "{{le1}} n'a pas réussi à {2}")
_REFUSED = ("The {{1}} refused to {0}", "{{le1}} a refusé {of}{2}")
_WAS_UNABLE = ("The {{1}} couldn't {0}", "{{le1}} ne pouvait pas {2}")
_EITHER, _ABLE = (_DIDNT, _COULDNT), (_DIDNT, _COULDNT, _FAILED)
_WILLING, _STATE = (_DIDNT, _REFUSED), (_DIDNT, _WAS_UNABLE)


def _not(english: str, french: str, infinitive: str, ways: Forms) -> Forms:
    """The first noun doesn't do something to the second."""
    of = "d'" if infinitive[0] in VOWELS else "de "
    return tuple((one.format(english), other.format(None, french, infinitive, of=of)) for one, other in ways)


def _did(english: str, french: str, infinitive: str) -> Forms:
    """The first noun does something to the second, or almost."""
    return (
        (f"The {{1}} {english}", f"{{le1}} {french}"),
        (f"The {{1}} almost {english}", f"{{le1}} a failli {infinitive}"),
    )


def _people(english: str, infinitive: str) -> Forms:
    """People can't do something with both nouns."""
    subjects = (
        ("I couldn't", "je n'ai pas pu"),
        ("We couldn't", "nous n'avons pas pu"),
        ("They couldn't", "ils n'ont pas pu"),
        ("Nobody could", "personne n'a pu"),
    )
    return tuple((f"{one} {english}", f"{other} {infinitive}") for one, other in subjects)


_FRIGHTENED = (
    ("The {1} frightened the {2}", "{le1} a effrayé {le2}"),
    ("The {1} scared the {2}", "{le1} a fait peur {au2}"),
)

_STREETS = "streets: busy slippery icy; streets -path -track: wide"
_EATERS = """
    dog cat rat fox puppy ferret hedgehog mouse weasel otter pig bear lion animal panther lioness tigress"""
_FOODS = """
    foods: salty bitter; foods -cake -bread -pancake: spicy; cake pie pancake salad: sweet;
    soup stew omelette gratin pizza pie pancake: scalding; cake bread meat ham fish sausage: dry;
    cheese ham sausage soup stew meat omelette pizza gratin: greasy;
    cake bread meat pie sausage omelette pizza pancake gratin: burnt; cheese bread ham cake pie: moldy"""
_WATERS = """
    waters estuary bay -puddle -torrent: wide; waters estuary bay -puddle: deep;
    river swamp pond ford stream puddle: muddy; lake lagoon bay estuary: choppy"""
_SLOPES = """
    slopes: steep; hill mountain cliff dune volcano embankment ladder pass: high;
    staircase slope ramp embankment cliff ladder glacier: slippery; slope ramp pass staircase: icy"""
_STRONG = """
    bull elephant bear lion wolf ox cow lioness tigress panther goat mare horse dog: strong furious;
    bull bear lion wolf lioness tigress panther dog: fierce;
    bull elephant bear ox cow horse mare: heavy powerful;
    bull wolf lion lioness panther horse mare dog: fast"""
_LOADS = """
    loads boat trailer barge rowboat: heavy; wagon sled cart carriage trailer barge: full;
    sled cart carriage roller plow log boat: bulky"""
_HEAVY = """
    trunk crate chest barrel statue sculpture piano wardrobe boiler stove log bathtub refrigerator machine
    bell slab rock: heavy;
    trunk crate chest statue piano wardrobe bathtub refrigerator machine bell slab: large;
    trunk crate chest barrel piano wardrobe bathtub refrigerator machine: bulky;
    statue sculpture chest wardrobe bell boiler slab: massive"""
_PACKED = """
    objects: bulky large; coat: bulky thick;
    painting umbrella telescope guitar racket sword trumpet: long;
    painting mirror keyboard drum parcel printer: wide; cushion blanket parcel painting: thick"""
_CONTAINERS = """
    containers: small narrow full; chest drawer suitcase box crate trunk briefcase satchel bag: short"""
_FURNITURE = """
    furniture -stool -chair wardrobe: large wide bulky; sofa bed bench table desk mattress bathtub: long;
    dresser bookcase refrigerator sideboard boiler machine wardrobe shelf: tall"""
_WAYS = """
    openings tunnel gate -elevator: narrow; door window hatch skylight entrance gate: small;
    door hatch skylight tunnel passage entrance: low"""
_LAMPS = "lights lamp -streetlight -chandelier: weak small; spotlight torch candle lantern: distant"
_TOOLS = """
    saw axe hatchet machete knife cleaver blade: blunt worn rusty; saw knife blade: short;
    axe hatchet machete cleaver: light"""
_WOOD = "branch plank log bamboo root beam bark: thick hard solid; branch plank log root beam: damp"
_SOFT_BLADES = """
    knife razor dagger scalpel penknife blade sickle sword machete: blunt rusty worn;
    penknife scalpel: small"""
_SOFT = """
    rope string ribbon fabric leather cardboard canvas belt hose strap cable wire hide lasso: thick solid;
    leather cardboard hide wire cable hose: stiff"""
_STRIKERS = """
    hammer mallet stick stone club sledgehammer pickaxe brick: light small;
    stick mallet club brick: fragile; mallet club ball: soft; hammer pickaxe sledgehammer mallet: worn"""
_BREAKABLES = """
    padlock tile nut brick pane slab lock shell rock wall door chain: hard solid;
    tile pane slab shell wall door: thick"""
_LIFTED_BY = """
    lifters -lever excavator: weak damaged; crane jack magnet lever helicopter robot excavator: small;
    winch pulley jack: worn; winch pulley jack crane lever: rusty"""
_HIGH = "heights window nest shelf branch: high; heights -ceiling window nest branch: distant"
_REACHERS = "ladder rope cable hose chain: short; rope cable hose: stiff; ladder crane: small"
_LADEN = """
    vehicles -scooter -motorcycle: heavy; truck bus coach taxi minibus car van jeep ambulance limousine:
    full"""

SCENES = (
    # Where animals go.
    Scene(
        _not("cross the {2}", "n'a pas traversé {le2}", "traverser {le2}", _WILLING),
        """beasts pets -mole -otter -hamster: tired exhausted sick frightened nervous shy wary cautious
        lazy stubborn""",
        _STREETS,
    ),
    Scene(
        _not("cross the {2}", "n'a pas traversé {le2}", "traverser {le2}", _ABLE),
        """beasts pets -mole -otter -hamster: tired exhausted weak sick frightened;
        tortoise hedgehog duck goose hen cow ox: slow""",
        _STREETS,
    ),
    Scene(
        _not("cross the {2}", "n'a pas traversé {le2}", "traverser {le2}", _ABLE),
        "beasts dog fox rat weasel hedgehog: tired exhausted weak sick frightened young",
        _WATERS,
    ),
    Scene(
        _not("cross the {2}", "n'a pas traversé {le2}", "traverser {le2}", _WILLING),
        "beasts dog cat fox: frightened nervous wary stubborn cautious tired",
        """bridges: narrow slippery long; bridge footbridge pontoon: rickety fragile;
        bridge footbridge viaduct: high""",
    ),
    Scene(
        _not("cross the {2}", "n'a pas traversé {le2}", "traverser {le2}", _ABLE),
        "elephant bear bull ox cow camel horse mare animal giraffe mule: heavy tired frightened",
        "bridges: narrow slippery; bridge footbridge pontoon: rickety fragile",
    ),
    Scene(
        _not("cross the {2}", "n'a pas traversé {le2}", "traverser {le2}", _ABLE),
        "beasts dog fox tortoise hedgehog: thirsty hungry tired exhausted weak sick",
        """lands: vast; desert plain savanna moor: arid; wood forest: dense;
        field meadow moor valley: muddy; field desert plain valley moor: stony""",
    ),
    Scene(
        _not("climb the {2}", "n'a pas gravi {le2}", "gravir {le2}", _ABLE),
        """beasts dog cat fox: tired exhausted weak sick;
        elephant bear ox cow camel pig animal dog cat: fat clumsy""",
        _SLOPES,
    ),
    Scene(
        _not("climb the {2}", "n'a pas gravi {le2}", "gravir {le2}", _WILLING),
        "beasts dog cat fox: lazy stubborn tired frightened nervous",
        _SLOPES,
    ),
    Scene(
        _not("jump over the {2}", "n'a pas sauté par-dessus {le2}", "sauter par-dessus {le2}", _ABLE),
        """horse zebra mare goat doe antelope gazelle wolf lion panther lioness tigress animal donkey
        mule cow sheep ewe dog cat fox: tired exhausted weak clumsy frightened;
        cow sheep donkey mare horse dog cat: heavy fat; cow sheep ewe donkey mule: slow""",
        "barriers: high; wall hedge rampart parapet barricade: thick wide",
    ),
    Scene(
        _not("jump over the {2}", "n'a pas sauté par-dessus {le2}", "sauter par-dessus {le2}", _WILLING),
        """horse zebra mare goat doe antelope gazelle wolf lion panther lioness tigress animal donkey
        mule cow sheep ewe dog cat fox rabbit frog: tired lazy nervous stubborn wary frightened""",
        "ditches stream puddle torrent hole pit: wide deep; puddle ditch trench stream: muddy",
    ),
    Scene(
        _not("enter the {2}", "n'est pas entré{e1} dans {le2}", "entrer dans {le2}", _WILLING),
        "beasts dog cat fox: frightened nervous wary stubborn restless shy",
        """tunnel shed garage cave stable barn tent hut cage: dark narrow;
        tunnel shed cave stable barn tent hut: damp low; cave tunnel: deep""",
    ),
    Scene(
        _not("enter the {2}", "n'est pas entré{e1} dans {le2}", "entrer dans {le2}", _WILLING),
        "pets: frightened nervous wary shy restless",
        """hole burrow tunnel shed nest cave den kennel cellar hut: narrow damp;
        hole burrow tunnel cave den cellar: dark deep""",
    ),
    Scene(
        _not("leave the {2}", "n'est pas sorti{e1} {du2}", "sortir {du2}", _WILLING),
        "pets: frightened shy sleepy lazy sick tired wary",
        "nest kennel den burrow basket hut stable tent barn box: cozy comfortable",
    ),
    Scene(
        _not("escape from the {2}", "ne s'est pas échappé{e1} {du2}", "s'échapper {du2}", _ABLE),
        "pets: slow weak clumsy tired young sick fat",
        """hole well pit bucket barrel basket bag chest crate: deep; hole well barrel bag: narrow;
        cage trap net crate box chest basket: solid""",
    ),
    Scene(
        _not("fit into the {2}", "n'entrait pas dans {le2}", "entrer dans {le2}", _STATE),
        """beasts: large; elephant bear bull pig camel cow lion sheep animal goat: fat;
        elephant camel giraffe horse mare: tall""",
        "cage tunnel shed garage tent hut kennel stable barn crate: small narrow low",
    ),
    Scene(
        _not("hide under the {2}", "ne s'est pas caché{e1} sous {le2}", "se cacher sous {le2}", _ABLE),
        """dog cat puppy fox goose otter marmot rabbit hen duck hedgehog tortoise: fat clumsy restless;
        dog fox goose otter marmot: large""",
        "bed sofa table dresser sideboard bench bookcase car van armchair desk chair: low narrow",
    ),
    Scene(
        _not(
            "hide behind the {2}", "ne s'est pas caché{e1} derrière {le2}", "se cacher derrière {le2}", _ABLE
        ),
        "beasts dog fox: large restless impatient; elephant bear bull pig camel cow sheep animal: fat",
        "rock bush hedge wall statue barrel fence stone bench: small low; tree pillar post column: thin",
    ),
    Scene(
        _not("sleep on the {2}", "n'a pas dormi sur {le2}", "dormir sur {le2}", _EITHER),
        "pets -otter -marmot -mole: restless hungry thirsty nervous worried sick",
        """cushion sofa bed mattress carpet pillow armchair bench: hard;
        cushion mattress carpet blanket: damp; blanket carpet sheet cushion: scratchy;
        sofa bed bench chair armchair: narrow""",
    ),
    Scene(
        _did("slipped on the {2}", "a glissé sur {le2}", "glisser sur {le2}"),
        "beasts pets: clumsy impatient tired restless",
        """bridge footbridge pontoon ramp rock floor plank slab: slippery wet;
        floor slab rock plank: smooth; ramp: steep""",
    ),
    # What animals do to things, and to each other.
    Scene(
        _not("eat the {2}", "n'a pas mangé {le2}", "manger {le2}", _WILLING)
        + _not("touch the {2}", "n'a pas touché {au2}", "toucher {au2}", _WILLING),
        _EATERS + ": sick tired sad nervous frightened wary worried sleepy",
        _FOODS,
    ),
    Scene(
        _not("finish the {2}", "n'a pas fini {le2}", "finir {le2}", _EITHER),
        _EATERS + ": sick tired sad nervous exhausted worried weak",
        _FOODS,
    ),
    Scene(
        _not("pull the {2}", "n'a pas tiré {le2}", "tirer {le2}", _ABLE),
        """horse donkey ox camel elephant bull cow mare mule animal: weak tired exhausted sick;
        horse donkey ox camel bull mare mule: young""",
        _LOADS,
    ),
    Scene(
        _not("pull the {2}", "n'a pas tiré {le2}", "tirer {le2}", _WILLING),
        "horse donkey ox camel elephant bull cow mare mule animal: lazy stubborn tired restless",
        _LOADS,
    ),
    Scene(
        _not("carry the {2}", "n'a pas porté {le2}", "porter {le2}", _ABLE),
        """horse donkey camel elephant mare mule ox cow animal: weak tired exhausted sick;
        horse donkey camel mare mule: young""",
        """bag basket chest trunk crate barrel box suitcase parcel log drum statue: heavy bulky large;
        bag basket chest trunk crate barrel: full""",
    ),
    Scene(
        _not("catch the {2}", "n'a pas attrapé {le2}", "attraper {le2}", _ABLE),
        """cat fox dog wolf eagle owl weasel panther lioness: slow clumsy tired;
        cat dog owl eagle: sleepy; cat dog: fat; eagle wolf fox weasel lioness panther: young weak""",
        """mouse rat rabbit squirrel duck hen goose frog pigeon sparrow marmot swallow magpie: fast wary;
        mouse rat rabbit squirrel frog sparrow swallow magpie: agile;
        mouse rat squirrel rabbit magpie: cunning""",
    ),
    Scene(
        _not("catch up with the {2}", "n'a pas rattrapé {le2}", "rattraper {le2}", _ABLE),
        """dog fox wolf horse bear lion lioness panther mare bull cow zebra antelope: slow tired
        exhausted weak; dog bear bull cow: fat""",
        "vehicles -excavator -bulldozer -tractor: fast; vehicles boat ferry: distant",
    ),
    Scene(
        _not("follow the {2}", "n'a pas suivi {le2}", "suivre {le2}", _WILLING),
        """dog fox wolf horse bear lion lioness panther mare bull cow goose goat donkey: slow tired lazy
        frightened stubborn""",
        "vehicles -excavator -bulldozer -tractor: fast; vehicles: noisy",
    ),
    Scene(
        _not("attack the {2}", "n'a pas attaqué {le2}", "attaquer {le2}", _WILLING),
        "dog wolf fox panther lioness tigress lion bear: frightened cautious tired lazy sick shy",
        """bull elephant ox zebra horse mare cow giraffe goat camel pig mule: strong large;
        bull elephant ox goat horse mare mule: furious; zebra horse mare goat giraffe: fast""",
    ),
    Scene(
        _did("tore the {2}", "a déchiré {le2}", "déchirer {le2}"),
        """dog cat puppy fox wolf bear goat lioness panther ferret weasel rat mouse: restless furious
        playful clumsy""",
        """curtain sheet blanket cushion canvas tent tablecloth bag flag photo poster coat: thin fragile;
        curtain sheet blanket cushion tent tablecloth bag flag: worn""",
    ),
    Scene(
        _did("knocked over the {2}", "a renversé {le2}", "renverser {le2}"),
        """dog cat puppy goat pig cow horse mare mule bull fox lioness otter: restless clumsy frightened
        impatient; dog cat puppy fox otter: playful""",
        """vase lamp bucket chair bottle ladder candlestick stool basket barrier statue table: light
        unstable; chair stool table ladder barrier: rickety; vase lamp candlestick ladder statue: tall""",
    ),
    Scene(
        _not("fly over the {2}", "n'a pas survolé {le2}", "survoler {le2}", _ABLE),
        "birds: tired exhausted weak sick young",
        """mountain volcano pass tower cliff: high; desert plain forest savanna ocean sea moor: vast;
        strait lake bay estuary valley river: wide""",
    ),
    Scene(
        _not("land on the {2}", "ne s'est pas posé{e1} sur {le2}", "se poser sur {le2}", _WILLING),
        "birds: wary nervous frightened shy restless; eagle swan stork owl: heavy",
        """branch wire mast antenna bar: thin; ledge gutter wall balcony: narrow;
        roof balcony gutter wall statue: slippery; branch antenna nest gutter fence: fragile""",
    ),
    # What holds animals back, frightens and wakes them.
    Scene(
        _not("stop the {2}", "n'a pas arrêté {le2}", "arrêter {le2}", _ABLE),
        """barriers -rampart -parapet: low fragile; fence gate barrier barricade palisade: rotten;
        fence hedge barrier gate barricade palisade: short""",
        _STRONG + "; bull ox goat horse cow: stubborn",
    ),
    Scene(
        _not("hold the {2}", "n'a pas retenu {le2}", "retenir {le2}", _ABLE),
        """restraints net: fragile worn; rope chain leash strap cable lasso: thin;
        restraints net -cable: loose; chain cable cage: rusty; cage: fragile""",
        _STRONG + "; bull bear lion horse mare dog goat wolf: restless wild",
    ),
    Scene(
        _FRIGHTENED,
        """vehicles: noisy; truck bus tractor coach bulldozer excavator: large;
        car motorcycle van ambulance jeep: fast""",
        "beasts pets: nervous shy sensitive young worried",
    ),
    Scene(
        _FRIGHTENED,
        "noises drum trumpet drill radio: noisy; whistle siren alarm trumpet: shrill",
        "beasts pets birds: nervous shy sensitive young worried",
    ),
    Scene(
        _not("frighten the {2}", "n'a pas effrayé {le2}", "effrayer {le2}", _EITHER),
        "vehicles: slow quiet distant; scooter car minibus van jeep taxi motorcycle: small",
        "beasts pets -mole: calm brave sleepy deaf",
    ),
    Scene(
        _not("wake the {2}", "n'a pas réveillé {le2}", "réveiller {le2}", _ABLE),
        "noises drum trumpet radio: faint distant; whistle siren alarm bell trumpet firecracker: brief",
        "beasts pets: tired exhausted sleepy deaf sick",
    ),
    # Vehicles and boats.
    Scene(
        _not("cross the {2}", "n'a pas traversé {le2}", "traverser {le2}", _ABLE),
        _LADEN + "; vehicles -scooter -motorcycle: wide",
        "bridges: narrow slippery icy; bridge footbridge pontoon: rickety fragile",
    ),
    Scene(
        _not("cross the {2}", "n'a pas traversé {le2}", "traverser {le2}", _ABLE),
        _LADEN + "; car taxi limousine van scooter minibus motorcycle: low; vehicles: damaged",
        """stream torrent ford river swamp: deep; ford river swamp stream field meadow: muddy;
        river torrent: wide""",
    ),
    Scene(
        _not("climb the {2}", "n'a pas gravi {le2}", "gravir {le2}", _ABLE),
        _LADEN + "; vehicles: damaged",
        """hill slope mountain pass dune ramp embankment: steep; slope ramp embankment: slippery;
        slope ramp pass: icy; hill slope embankment: muddy""",
    ),
    Scene(
        _not("cross the {2}", "n'a pas traversé {le2}", "traverser {le2}", _ABLE),
        """boats: slow damaged; canoe raft rowboat gondola sailboat: fragile small;
        ship ferry barge galley boat: heavy full""",
        "lake strait estuary bay lagoon river: wide; ocean sea lake: vast; seas lake lagoon: choppy",
    ),
    Scene(
        _not("tow the {2}", "n'a pas tracté {le2}", "tracter {le2}", _ABLE),
        """jeep car van taxi minibus: light small;
        tractor truck jeep car van taxi minibus excavator bulldozer: damaged""",
        """trailer wagon cart carriage barge boat bus coach: heavy;
        trailer wagon cart barge bus coach: full; trailer barge bus coach: long""",
    ),
    Scene(
        _did("blocked the {2}", "a bloqué {le2}", "bloquer {le2}"),
        """vehicles -scooter -motorcycle wagon cart carriage trailer: wide bulky;
        truck bus coach limousine trailer: long""",
        "street path road alley driveway tunnel track passage: narrow",
    ),
    Scene(
        _not("block the {2}", "n'a pas bloqué {le2}", "bloquer {le2}", _EITHER),
        "vehicles wagon cart carriage trailer: small narrow short",
        "street road avenue highway boulevard driveway tunnel junction square bridge: wide",
    ),
    Scene(
        _did("skidded on the {2}", "a dérapé sur {le2}", "déraper sur {le2}"),
        _LADEN
        + """; vehicles -bulldozer -excavator -tractor: fast;
        car jeep scooter motorcycle taxi van: light""",
        "streets -junction -street bridge driveway ramp: slippery icy wet; path road track: muddy",
    ),
    Scene(
        _did("got bogged down in the {2}", "s'est embourbé{e1} dans {le2}", "s'embourber dans {le2}"),
        _LADEN + "; wagon cart carriage trailer: heavy full",
        """field meadow swamp garden orchard vineyard moor path: muddy damp;
        field meadow garden lawn path: soft""",
    ),
    Scene(
        _did("got stuck in the {2}", "est resté{e1} coincé{e1} dans {le2}", "rester coincé{e1} dans {le2}"),
        """vehicles -scooter -motorcycle wagon cart carriage: wide;
        truck bus coach tractor excavator van carriage: tall; truck bus coach limousine: long""",
        "tunnel garage passage barn shed: narrow low",
    ),
    Scene(
        _did("got stuck in the {2}", "est resté{e1} coincé{e1} dans {le2}", "rester coincé{e1} dans {le2}"),
        """vehicles -scooter -motorcycle wagon cart carriage: wide;
        truck bus coach limousine trailer: long; truck bus coach bulldozer excavator: bulky""",
        "alley driveway street passage: narrow; alley street: busy",
    ),
    Scene(
        _not("pass under the {2}", "n'est pas passé{e1} sous {le2}", "passer sous {le2}", _ABLE),
        "truck bus coach tractor excavator bulldozer van: tall large; truck van cart wagon trailer: full",
        "bridge viaduct footbridge arch vault porch beam branch: low",
    ),
    Scene(
        _not("pass under the {2}", "n'est pas passé{e1} sous {le2}", "passer sous {le2}", _ABLE),
        "ship ferry sailboat boat raft barge frigate galley: tall large; boat ship ferry barge: full",
        "bridge viaduct footbridge arch vault: low",
    ),
    Scene(
        _did("damaged the {2}", "a abîmé {le2}", "abîmer {le2}"),
        """vehicles -scooter -motorcycle trailer wagon: heavy;
        truck tractor bus coach bulldozer excavator: massive""",
        """lawn meadow field garden path: soft; lawn meadow path garden track bridge footbridge: fragile;
        lawn meadow field path: damp""",
    ),
    # Things that are to fit, to hold, to reach.
    Scene(
        _not("fit into the {2}", "n'entrait pas dans {le2}", "entrer dans {le2}", _STATE),
        _PACKED,
        _CONTAINERS,
    ),
    Scene(
        _not("fit through the {2}", "ne passait pas par {le2}", "passer par {le2}", _STATE),
        _FURNITURE,
        _WAYS,
    ),
    Scene(
        _not("fit into the {2}", "n'entrait pas dans {le2}", "entrer dans {le2}", _STATE),
        _FURNITURE,
        """elevator van hut attic kitchen bedroom workshop chapel truck: small;
        elevator van hut attic: narrow low""",
    ),
    Scene(
        _not("reach the {2}", "n'atteignait pas {le2}", "atteindre {le2}", _STATE),
        _REACHERS,
        _HIGH,
    ),
    Scene(
        _not("cover the {2}", "ne couvrait pas {le2}", "couvrir {le2}", _STATE),
        "sheet tablecloth tarp towel blanket: small short narrow",
        """bed table sofa desk piano bench mattress armchair sideboard: large;
        bed table sofa desk piano mattress sideboard: wide; bed table sofa bench desk mattress: long""",
    ),
    Scene(
        _did("fell off the {2}", "est tombé{e1} {du2}", "tomber {du2}"),
        """objects -painting -ball -cushion -blanket: large bulky;
        clock lamp vase trophy statue candlestick mirror: tall; mirror keyboard printer drum radio: wide""",
        """shelf table desk stool bench plank chair sideboard: narrow;
        table desk plank sideboard stool: slippery smooth; shelf table stool bench chair desk: rickety""",
    ),
    Scene(
        _did("gave way under the {2}", "a cédé sous {le2}", "céder sous {le2}"),
        """shelf table chair stool bench plank branch beam bed ladder roof: fragile;
        shelf plank branch beam: thin; shelf table chair bench stool plank branch beam ladder: rotten;
        table chair stool bench ladder shelf: rickety""",
        _HEAVY + "; elephant bear bull cow ox: heavy",
    ),
    Scene(
        _not("support the {2}", "n'a pas supporté {le2}", "supporter {le2}", _EITHER),
        """shelf table chair stool bench plank branch beam bed roof rope hook: fragile;
        shelf plank branch beam rope: thin; chair bench stool rope bed: worn;
        shelf table chair bench stool plank branch beam: rotten; hook chain: rusty""",
        _HEAVY,
    ),
    Scene(
        _not("lift the {2}", "n'a pas soulevé {le2}", "soulever {le2}", _ABLE),
        _LIFTED_BY,
        _HEAVY,
    ),
    Scene(
        (
            ("The {1} didn't stick to the {2}", "{le1} ne collait pas {au2}"),
            ("The {1} wouldn't stick to the {2}", "{le1} ne voulait pas coller {au2}"),
        ),
        "stickers: dry worn; poster photo label sticker: thick stiff; poster photo: heavy",
        """wall envelope door window bottle suitcase box jar trunk crate: damp;
        wall envelope box crate trunk suitcase: rough; wall door window bottle jar: greasy;
        window bottle jar: smooth""",
    ),
    # Tools, lamps and fire.
    Scene(
        _not("cut the {2}", "n'a pas coupé {le2}", "couper {le2}", _EITHER),
        _TOOLS,
        _WOOD,
    ),
    Scene(
        _not("cut the {2}", "n'a pas coupé {le2}", "couper {le2}", _EITHER),
        _SOFT_BLADES,
        _SOFT,
    ),
    Scene(
        _not("break the {2}", "n'a pas cassé {le2}", "casser {le2}", _EITHER),
        _STRIKERS,
        _BREAKABLES,
    ),
    Scene(
        _not("pierce the {2}", "n'a pas percé {le2}", "percer {le2}", _EITHER),
        "spikes dagger: blunt short fragile; needle nail pin thorn arrow: thin",
        """leather canvas cardboard fabric bark hide plank wall helmet ball belt: thick solid;
        leather bark hide plank: hard""",
    ),
    Scene(
        _did("broke the {2}", "a cassé {le2}", "casser {le2}"),
        "ball stone hammer stick brick bottle mallet: heavy hard",
        """pane mirror lamp vase plate tile window skylight bottle jar bulb violin doll: fragile;
        pane mirror vase plate tile window skylight bulb: thin;
        lamp vase violin doll mirror clock: delicate""",
    ),
    Scene(
        _did("crushed the {2}", "a écrasé {le2}", "écraser {le2}"),
        """stone rock barrel crate trunk chest statue log truck tractor bulldozer excavator elephant
        bull: heavy massive; barrel crate trunk chest truck bulldozer elephant: large""",
        """box basket drum umbrella doll helmet lamp suitcase puppet radio vase parcel: fragile;
        box basket umbrella doll puppet parcel: light; cake pie cushion bread: soft""",
    ),
    Scene(
        _did("scratched the {2}", "a rayé {le2}", "rayer {le2}"),
        """knife nail needle sword saw brush blade hook dagger thorn penknife: pointed sharp;
        brush stone brick broom: rough""",
        """table floor car door piano desk window mirror trumpet guitar violin plate leather: fragile;
        guitar violin plate mirror leather piano: delicate""",
    ),
    Scene(
        _not("light the {2}", "n'éclairait pas {le2}", "éclairer {le2}", _STATE),
        _LAMPS,
        """cellar cave tunnel attic corridor garage passage: dark;
        hall church barn room lounge: vast large; corridor tunnel passage: long; well pit cave: deep""",
    ),
    Scene(
        _not("light the {2}", "n'éclairait pas {le2}", "éclairer {le2}", _STATE),
        "streetlight lantern torch spotlight: weak distant low",
        """street avenue boulevard square road: wide; street avenue boulevard alley road: long;
        courtyard square garden: large""",
    ),
    Scene(
        _not("heat the {2}", "n'a pas chauffé {le2}", "chauffer {le2}", _ABLE),
        "heaters stove boiler: small weak; stove boiler radiator: damaged worn",
        """rooms barn cellar garage hut: large; hall church chapel barn lounge: vast;
        rooms cellar hut tent: damp""",
    ),
    Scene(
        _not("set fire to the {2}", "n'a pas mis le feu {au2}", "mettre le feu {au2}", _ABLE),
        "igniters candle torch lantern: weak small; flame spark candle torch lantern: distant",
        """branch log plank cardboard rope paper straw bark curtain: damp wet;
        branch log plank cardboard rope curtain: thick""",
    ),
    # What people can't do.
    Scene(_people("cut the {1} with the {2}", "couper {le1} avec {le2}"), _WOOD, _TOOLS),
    Scene(_people("cut the {1} with the {2}", "couper {le1} avec {le2}"), _SOFT, _SOFT_BLADES),
    Scene(_people("break the {1} with the {2}", "casser {le1} avec {le2}"), _BREAKABLES, _STRIKERS),
    Scene(_people("lift the {1} with the {2}", "soulever {le1} avec {le2}"), _HEAVY, _LIFTED_BY),
    Scene(_people("reach the {1} with the {2}", "atteindre {le1} avec {le2}"), _HIGH, _REACHERS),
    Scene(_people("put the {1} in the {2}", "mettre {le1} dans {le2}"), _PACKED, _CONTAINERS),
    Scene(
        _people("get the {1} through the {2}", "faire passer {le1} par {le2}"),
        _FURNITURE + "; furniture: heavy",
        _WAYS,
    ),
    Scene(
        _people("pull the {1} out of the {2}", "sortir {le1} {du2}"),
        "vehicles wagon cart carriage trailer log: heavy; truck bus tractor van wagon cart trailer: full",
        "ditch trench pit swamp river hole: deep; ditch trench swamp river field: muddy",
    ),
    Scene(
        _people("park the {1} in the {2}", "garer {le1} dans {le2}"),
        """vehicles -scooter -motorcycle: wide bulky; truck bus coach limousine van: long;
        truck bus coach tractor excavator van: tall""",
        "garage shed barn stable: narrow small low",
    ),
    Scene(
        _people("park the {1} in the {2}", "garer {le1} dans {le2}"),
        "vehicles -scooter -motorcycle boat: wide bulky; truck bus coach limousine van boat: long",
        "yards street: narrow busy; courtyard: small; yards: muddy",
    ),
    Scene(
        _people("hang the {1} on the {2}", "accrocher {le1} {au2}"),
        """painting mirror clock lamp coat lantern chandelier bag umbrella guitar: heavy;
        painting mirror clock lamp lantern chandelier bag: large bulky""",
        """hook nail branch beam rope: fragile; nail hook branch beam wall ceiling: high;
        nail hook branch: thin; hook nail: rusty""",
    ),
    Scene(
        _people("tie the {1} to the {2}", "attacher {le1} {au2}"),
        """horse bull donkey goat cow mare dog mule camel wolf lioness ox: nervous furious restless
        frightened; horse bull goat mare wolf lioness panther: wild;
        bull horse ox camel mare lioness: strong; bull wolf dog lioness panther: fierce""",
        """post tree fence branch ring pillar barrier bench stake column: fragile;
        post branch stake bar: thin; tree pillar column: thick smooth""",
    ),
    Scene(
        _people("tie the {1} to the {2}", "attacher {le1} {au2}"),
        "boats: heavy large; canoe raft rowboat gondola sailboat: unstable",
        """post stake pillar ring bar: fragile low; post stake ring bar: thin; ring bar: rusty;
        post stake pontoon: rotten; pontoon: fragile rickety""",
    ),
    Scene(
        _people("throw the {1} over the {2}", "lancer {le1} par-dessus {le2}"),
        """stone brick bag hammer drum helmet log: heavy; ball stick cushion blanket: light;
        bag drum cushion log suitcase trunk: bulky large""",
        "barriers roof: high; wall fence hedge palisade gate: distant",
    ),
    Scene(
        _people("see the {1} behind the {2}", "voir {le1} derrière {le2}"),
        """pets birds scooter bench statue tent hut: small; vehicles beasts statue hut tent: distant;
        car taxi limousine bench scooter: low""",
        """hedge wall fence barricade palisade rampart hill dune: high;
        hedge wall rampart tree pillar bush: thick; wall hedge rampart column pillar tree: wide""",
    ),
    Scene(
        _people("clean the {1} with the {2}", "nettoyer {le1} avec {le2}"),
        """dishes table floor bathtub: greasy; plate table jar bottle sink floor oven boot: sticky;
        grill oven pot sink stove: rusty""",
        """cleaners towel: worn; brush broom sponge: hard; sponge rag broom brush: soft;
        sponge rag towel: dry; sponge rag towel brush: small""",
    ),
)
