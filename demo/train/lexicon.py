"""The words of the demo world: about 390 English word forms with their Spanish and German.

Every table is text, one entry a line, columns divided by ``|``. A one-letter *kind* says which
words go together: a animal, p person, n nature, b built by people, s science.
"""

from dataclasses import dataclass
from typing import Literal, cast

Gender = Literal["m", "f", "n"]


@dataclass(frozen=True, slots=True)
class Noun:
    """Pairs of forms are (singular, plural)."""

    kind: str
    en: tuple[str, str]
    es: tuple[str, str]
    es_gender: Gender
    de: tuple[str, str]
    de_gender: Gender
    de_weak: bool  # takes its plural form in the accusative singular: der Bär, den Bären


@dataclass(frozen=True, slots=True)
class Adjective:
    kinds: str
    en: str
    es: tuple[str, str, str, str]  # masculine, feminine, masculine plural, feminine plural
    de: str  # a bracketed e falls away before an ending: dunk(e)l, dunkle


@dataclass(frozen=True, slots=True)
class Verb:
    """Pairs of forms are (third person singular, third person plural)."""

    subjects: str  # kinds of its subject
    objects: str  # kinds of its object; empty: takes none
    en: tuple[str, str]
    es: tuple[str, str]
    de: tuple[str, str]
    de_particle: str  # "sich", a separable prefix, or empty


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand as they are: a place, a time, a number, a whole sentence."""

    en: str
    es: str
    de: str


# English singular, plural | Spanish singular, gender, plural | German the same | kind
# German gender "m*" marks a weak noun.
_NOUNS = """
river rivers | río m ríos | Fluss m Flüsse | n
forest forests | bosque m bosques | Wald m Wälder | n
mountain mountains | montaña f montañas | Berg m Berge | n
lake lakes | lago m lagos | See m Seen | n
island islands | isla f islas | Insel f Inseln | n
valley valleys | valle m valles | Tal n Täler | n
flower flowers | flor f flores | Blume f Blumen | n
tree trees | árbol m árboles | Baum m Bäume | n
cloud clouds | nube f nubes | Wolke f Wolken | n
storm storms | tormenta f tormentas | Sturm m Stürme | n
stone stones | piedra f piedras | Stein m Steine | n
garden gardens | jardín m jardines | Garten m Gärten | n
field fields | campo m campos | Feld n Felder | n
wave waves | ola f olas | Welle f Wellen | n
glacier glaciers | glaciar m glaciares | Gletscher m Gletscher | n
bird birds | pájaro m pájaros | Vogel m Vögel | a
fish fish | pez m peces | Fisch m Fische | a
bear bears | oso m osos | Bär m* Bären | a
wolf wolves | lobo m lobos | Wolf m Wölfe | a
fox foxes | zorro m zorros | Fuchs m Füchse | a
horse horses | caballo m caballos | Pferd n Pferde | a
bee bees | abeja f abejas | Biene f Bienen | a
butterfly butterflies | mariposa f mariposas | Schmetterling m Schmetterlinge | a
whale whales | ballena f ballenas | Wal m Wale | a
turtle turtles | tortuga f tortugas | Schildkröte f Schildkröten | a
owl owls | búho m búhos | Eule f Eulen | a
cat cats | gato m gatos | Katze f Katzen | a
dog dogs | perro m perros | Hund m Hunde | a
spider spiders | araña f arañas | Spinne f Spinnen | a
frog frogs | rana f ranas | Frosch m Frösche | a
child children | niño m niños | Kind n Kinder | p
teacher teachers | profesor m profesores | Lehrer m Lehrer | p
farmer farmers | granjero m granjeros | Bauer m* Bauern | p
doctor doctors | médico m médicos | Arzt m Ärzte | p
engineer engineers | ingeniero m ingenieros | Ingenieur m Ingenieure | p
scientist scientists | científica f científicas | Forscherin f Forscherinnen | p
artist artists | artista f artistas | Künstlerin f Künstlerinnen | p
visitor visitors | visitante m visitantes | Besucher m Besucher | p
driver drivers | conductor m conductores | Fahrer m Fahrer | p
woman women | mujer f mujeres | Frau f Frauen | p
bridge bridges | puente m puentes | Brücke f Brücken | b
city cities | ciudad f ciudades | Stadt f Städte | b
village villages | pueblo m pueblos | Dorf n Dörfer | b
street streets | calle f calles | Straße f Straßen | b
house houses | casa f casas | Haus n Häuser | b
tower towers | torre f torres | Turm m Türme | b
market markets | mercado m mercados | Markt m Märkte | b
train trains | tren m trenes | Zug m Züge | b
ship ships | barco m barcos | Schiff n Schiffe | b
museum museums | museo m museos | Museum n Museen | b
school schools | escuela f escuelas | Schule f Schulen | b
station stations | estación f estaciones | Station f Stationen | b
window windows | ventana f ventanas | Fenster n Fenster | b
machine machines | máquina f máquinas | Maschine f Maschinen | s
robot robots | robot m robots | Roboter m Roboter | s
telescope telescopes | telescopio m telescopios | Teleskop n Teleskope | s
planet planets | planeta m planetas | Planet m* Planeten | s
star stars | estrella f estrellas | Stern m Sterne | s
computer computers | ordenador m ordenadores | Computer m Computer | s
satellite satellites | satélite m satélites | Satellit m* Satelliten | s
battery batteries | batería f baterías | Batterie f Batterien | s
crystal crystals | cristal m cristales | Kristall m Kristalle | s
molecule molecules | molécula f moléculas | Molekül n Moleküle | s
sensor sensors | sensor m sensores | Sensor m Sensoren | s
"""

# English | Spanish m f mp fp | German stem | kinds
_ADJECTIVES = """
old | viejo vieja viejos viejas | alt | anbps
young | joven joven jóvenes jóvenes | jung | ap
small | pequeño pequeña pequeños pequeñas | klein | anbps
large | grande grande grandes grandes | groß | anbs
quiet | tranquilo tranquila tranquilos tranquilas | ruhig | anbp
beautiful | hermoso hermosa hermosos hermosas | schön | anbs
dark | oscuro oscura oscuros oscuras | dunk(e)l | nb
cold | frío fría fríos frías | kalt | ns
warm | cálido cálida cálidos cálidas | warm | nb
green | verde verde verdes verdes | grün | n
white | blanco blanca blancos blancas | weiß | anb
red | rojo roja rojos rojas | rot | nb
blue | azul azul azules azules | blau | nsb
golden | dorado dorada dorados doradas | golden | nbs
strong | fuerte fuerte fuertes fuertes | stark | anps
gentle | amable amable amables amables | sanft | ap
curious | curioso curiosa curiosos curiosas | neugierig | ap
hungry | hambriento hambrienta hambrientos hambrientas | hungrig | a
famous | famoso famosa famosos famosas | berühmt | npb
modern | moderno moderna modernos modernas | modern | bs
new | nuevo nueva nuevos nuevas | neu | bs
strange | extraño extraña extraños extrañas | seltsam | anbs
bright | brillante brillante brillantes brillantes | hell | ns
clever | listo lista listos listas | klug | ap
patient | paciente paciente pacientes pacientes | geduldig | p
distant | lejano lejana lejanos lejanas | fern | ns
precise | preciso precisa precisos precisas | präzise | s
wild | salvaje salvaje salvajes salvajes | wild | an
deep | profundo profunda profundos profundas | tief | n
wide | ancho ancha anchos anchas | breit | n
silent | silencioso silenciosa silenciosos silenciosas | still | anbs
narrow | estrecho estrecha estrechos estrechas | schmal | b
tired | cansado cansada cansados cansadas | müde | ap
happy | feliz feliz felices felices | glücklich | p
"""

# English singular, plural | Spanish | German, particle | kinds of subject
# "_" stands for a space inside a form.
_INTRANSITIVE_VERBS = """
sleeps sleep | duerme duermen | schläft schlafen | ap
waits wait | espera esperan | wartet warten | apb
rests rest | descansa descansan | ruht ruhen | apn
lives live | vive viven | lebt leben | ap
works work | trabaja trabajan | arbeitet arbeiten | ps
sings sing | canta cantan | singt singen | p
plays play | juega juegan | spielt spielen | ap
runs run | corre corren | rennt rennen | ap
hides hide | se_esconde se_esconden | versteckt verstecken sich | a
moves move | se_mueve se_mueven | bewegt bewegen sich | ans
grows grow | crece crecen | wächst wachsen | n
changes change | cambia cambian | verändert verändern sich | nbs
shines shine | brilla brillan | leuchtet leuchten | ns
appears appear | aparece aparecen | erscheint erscheinen | nabs
disappears disappear | desaparece desaparecen | verschwindet verschwinden | nas
stands stand | se_alza se_alzan | steht stehen | b
travels travel | viaja viajan | reist reisen | ps
smiles smile | sonríe sonríen | lächelt lächeln | p
returns return | regresa regresan | kehrt kehren zurück | aps
"""

# ... | kinds of subject | kinds of object
_TRANSITIVE_VERBS = """
watches watch | observa observan | beobachtet beobachten | ap | anbps
finds find | encuentra encuentran | findet finden | ap | anbs
follows follow | sigue siguen | verfolgt verfolgen | ap | anps
protects protect | protege protegen | schützt schützen | apn | anb
loves love | ama aman | liebt lieben | p | anbp
studies study | estudia estudian | erforscht erforschen | p | ans
builds build | construye construyen | baut bauen | p | bs
paints paint | pinta pintan | malt malen | p | anb
visits visit | visita visitan | besucht besuchen | p | bp
needs need | necesita necesitan | braucht brauchen | aps | bs
hears hear | oye oyen | hört hören | ap | ap
remembers remember | recuerda recuerdan | behält behalten | p | b
measures measure | mide miden | misst messen | ps | ns
crosses cross | cruza cruzan | überquert überqueren | apb | n
covers cover | cubre cubren | bedeckt bedecken | n | nb
hides hide | oculta ocultan | verbirgt verbergen | n | abs
repairs repair | repara reparan | repariert reparieren | p | bs
fears fear | teme temen | fürchtet fürchten | a | ap
surrounds surround | rodea rodean | umgibt umgeben | nb | nb
reaches reach | alcanza alcanzan | erreicht erreichen | aps | nbs
"""

_PLACES = """
near the water | cerca del agua | in der Nähe des Wassers
under the bridge | bajo el puente | unter der Brücke
behind the hills | detrás de las colinas | hinter den Hügeln
in the north | en el norte | im Norden
in the south | en el sur | im Süden
beside the road | junto a la carretera | neben der Straße
in the morning light | en la luz de la mañana | im Morgenlicht
between the rocks | entre las rocas | zwischen den Felsen
above the clouds | sobre las nubes | über den Wolken
at the edge of the city | al borde de la ciudad | am Rand der Stadt
in the center of town | en el centro del pueblo | im Zentrum der Stadt
on the other side | al otro lado | auf der anderen Seite
along the coast | a lo largo de la costa | entlang der Küste
in the deep ocean | en el océano profundo | im tiefen Ozean
under the open sky | bajo el cielo abierto | unter freiem Himmel
inside the laboratory | dentro del laboratorio | im Labor
in the shadow of the wall | a la sombra del muro | im Schatten der Mauer
across the desert | por todo el desierto | in der ganzen Wüste
close to the harbor | cerca del puerto | nahe am Hafen
in the tall grass | en la hierba alta | im hohen Gras
far from home | lejos de casa | weit weg von zu Hause
around the world | por todo el mundo | auf der ganzen Welt
in the snow | en la nieve | im Schnee
among the leaves | entre las hojas | zwischen den Blättern
"""

_TIMES = """
in spring | en primavera | im Frühling
in summer | en verano | im Sommer
in autumn | en otoño | im Herbst
in winter | en invierno | im Winter
every morning | cada mañana | jeden Morgen
every evening | cada tarde | jeden Abend
at night | por la noche | in der Nacht
at sunrise | al amanecer | bei Sonnenaufgang
after the rain | después de la lluvia | nach dem Regen
before the storm | antes de la tormenta | vor dem Sturm
today | hoy | heute
once a year | una vez al año | einmal im Jahr
during the day | durante el día | am Tag
sometimes | a veces | manchmal
for thousands of years | desde hace miles de años | seit Tausenden von Jahren
each week | cada semana | jede Woche
now | ahora | jetzt
again and again | una y otra vez | immer wieder
at noon | al mediodía | am Mittag
on most days | casi todos los días | an den meisten Tagen
"""

_NUMBERS = """
two | dos | zwei
three | tres | drei
four | cuatro | vier
five | cinco | fünf
six | seis | sechs
seven | siete | sieben
eight | ocho | acht
nine | nueve | neun
ten | diez | zehn
twelve | doce | zwölf
twenty | veinte | zwanzig
thirty | treinta | dreißig
fifty | cincuenta | fünfzig
one hundred | cien | hundert
one thousand | mil | tausend
"""

_SET_PHRASES = """
Welcome to our journey. | Bienvenidos a nuestro viaje. | Willkommen auf unserer Reise.
Look closely. | Mire con atención. | Schauen Sie genau hin.
Listen to the wind. | Escuche el viento. | Hören Sie auf den Wind.
Let us begin. | Comencemos. | Fangen wir an.
Thank you for watching. | Gracias por mirar. | Danke fürs Zuschauen.
Nothing stays the same. | Nada permanece igual. | Nichts bleibt gleich.
The answer is simple. | La respuesta es sencilla. | Die Antwort ist einfach.
No one knows why. | Nadie sabe por qué. | Niemand weiß warum.
This is only the beginning. | Esto es solo el comienzo. | Das ist nur der Anfang.
Life goes on. | La vida continúa. | Das Leben geht weiter.
Time is running out. | El tiempo se acaba. | Die Zeit läuft ab.
It is a small miracle. | Es un pequeño milagro. | Es ist ein kleines Wunder.
Tomorrow is another day. | Mañana será otro día. | Morgen ist ein neuer Tag.
The wind is getting stronger. | El viento es cada vez más fuerte. | Der Wind wird stärker.
The sun rises slowly. | El sol sale lentamente. | Die Sonne geht langsam auf.
And then, suddenly, silence. | Y de repente, silencio. | Und dann, plötzlich, Stille.
But the story does not end here. | Pero la historia no termina aquí. | Aber die Geschichte endet hier nicht.
See you next time. | Hasta la próxima. | Bis zum nächsten Mal.
"""  # noqa: E501  (one entry a line)


def _rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def _noun(english: str, spanish: str, german: str, kind: str) -> Noun:
    one, many = english.split()
    es_one, es_gender, es_many = spanish.split()
    de_one, de_gender, de_many = german.split()
    return Noun(
        kind=kind,
        en=(one, many),
        es=(es_one, es_many),
        es_gender=cast(Gender, es_gender),
        de=(de_one, de_many),
        de_gender=cast(Gender, de_gender[0]),
        de_weak=de_gender.endswith("*"),
    )


def _adjective(english: str, spanish: str, german: str, kinds: str) -> Adjective:
    m, f, mp, fp = spanish.split()
    return Adjective(kinds=kinds, en=english, es=(m, f, mp, fp), de=german)


def _verb(english: str, spanish: str, german: str, subjects: str, objects: str = "") -> Verb:
    one, many = english.split()
    es_one, es_many = (form.replace("_", " ") for form in spanish.split())
    de_one, de_many, *particle = german.split()
    return Verb(
        subjects=subjects,
        objects=objects,
        en=(one, many),
        es=(es_one, es_many),
        de=(de_one, de_many),
        de_particle=" ".join(particle),
    )


NOUNS = tuple(_noun(*row) for row in _rows(_NOUNS))
ADJECTIVES = tuple(_adjective(*row) for row in _rows(_ADJECTIVES))
INTRANSITIVE_VERBS = tuple(_verb(*row) for row in _rows(_INTRANSITIVE_VERBS))
TRANSITIVE_VERBS = tuple(_verb(*row) for row in _rows(_TRANSITIVE_VERBS))
PLACES = tuple(Phrase(*row) for row in _rows(_PLACES))
TIMES = tuple(Phrase(*row) for row in _rows(_TIMES))
NUMBERS = tuple(Phrase(*row) for row in _rows(_NUMBERS))
SET_PHRASES = tuple(Phrase(*row) for row in _rows(_SET_PHRASES))
