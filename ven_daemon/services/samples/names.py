"""Names and street addresses that could be real and are not.

A title is put together from words, so that none is a business somebody owns, and
the same one comes up twice in a large town now and then, as chains do.
"""

from ven_daemon.services.samples.dice import Dice
from ven_daemon.services.samples.towns import Town

_FIRST = (
    *("Blå", "Røde", "Grønne", "Gyldne", "Hvide", "Gamle", "Nye", "Lille", "Store", "Stille"),
    *("Glade", "Skæve", "Sorte", "Søde", "Tapre", "Vilde", "Brave", "Krumme", "Lune", "Milde"),
)
_THINGS = (
    *("Anker", "Bøgetræ", "Elg", "Falk", "Fyr", "Gedde", "Hane", "Havn", "Hejre", "Hjort"),
    *("Kran", "Krone", "Lanterne", "Lærke", "Mølle", "Nøgle", "Odder", "Pil", "Ravn", "Ræv"),
    *("Sejl", "Skovl", "Spurv", "Stork", "Stjerne", "Sæl", "Tønde", "Ugle", "Vibe", "Ørred"),
)
_FAMILIES = (
    *("Abildtoft", "Birkelund", "Bjerregrav", "Dalsbo", "Egeskjold", "Enghave", "Fuglebæk"),
    *("Granholt", "Hasselkjær", "Hedevang", "Kildemose", "Klitgren", "Lyngdal", "Møllevang"),
    *("Nordtorp", "Overbæk", "Piledam", "Ravnskov", "Rønnebo", "Skovmark", "Stenhøj"),
    *("Søndervig", "Tranemose", "Vangsted", "Vesterkær", "Østerlund", "Aagren", "Ålekær"),
)
_STREETS = (
    *("Algade", "Nørregade", "Søndergade", "Østergade", "Vestergade", "Storegade", "Torvegade"),
    *("Kirkegade", "Skolegade", "Havnegade", "Jernbanegade", "Bredgade", "Møllegade", "Smedegade"),
    *("Skovvej", "Engvej", "Kirkevej", "Møllevej", "Stationsvej", "Industrivej", "Fabriksvej"),
    *("Birkevej", "Bøgevej", "Egevej", "Elmevej", "Kastanievej", "Lindevej", "Rosenvej"),
    *("Strandvejen", "Ringvejen", "Parkvej", "Solvej", "Bakkevej", "Dalvej", "Toftevej"),
    *("Håndværkervej", "Søndre Ringgade", "Nordre Havnevej", "Gammel Landevej", "Vester Allé"),
)
_PATTERNS = {
    "Bars": (
        *("{family}'s Pub", "Bar {thing}", "Den {first} {thing} Bar", "Vinbaren {thing}"),
        *("{thing} & {other} Bodega", "Café {thing}", "Ølhuset {family}"),
    ),
    "Bakeries": (
        *("{family} Bageri", "Bageriet {thing}", "Konditori {family}", "Den {first} Kringle"),
        *("Surdej & {thing}", "{family} Brød"),
    ),
    "Hotels": (
        *("Hotel {family}", "Hotel {thing}", "{family} Kro", "Badehotel {thing}"),
        *("Gæstgiveri {family}", "Den {first} {thing} Hotel", "Vandrerhjemmet {family}"),
    ),
    "Schools": (
        *("{family}skolen", "{thing} Friskole", "{family} Efterskole", "{family} Gymnasium"),
        *("{thing} Privatskole", "Skolen ved {family}"),
    ),
    "Restaurants": (
        *("Restaurant {thing}", "Spisestedet {family}", "{thing} & {other}", "Pizzeria {family}"),
        *("Grillen {thing}", "Den {first} {thing}", "Køkken {family}", "Restaurant {family}"),
    ),
    "Industries": (
        *("{family} Maskinfabrik A/S", "{family} Køl ApS", "{thing} Plast A/S", "{family} Smede"),
        *("{family} Mejeri", "{family} Savværk", "{thing} Emballage ApS", "{family} Støberi A/S"),
    ),
    "Swimmingpools": (
        *("{family} Svømmehal", "Svømmehallen {thing}", "{family} Friluftsbad", "Badeland {thing}"),
    ),
    "Chargingstations": (
        *("Ladestation {family}", "Ladepark {thing}", "{thing} Lyn {number}"),
        *("Ladestander {family} {number}", "{family} Ladeplads"),
    ),
}


def title(dice: Dice, sub_type: str) -> str:
    """Make up a name for a place of *sub_type*."""
    thing = dice.below(len(_THINGS))
    another = (thing + 1 + dice.below(len(_THINGS) - 1)) % len(_THINGS)
    return dice.pick(_PATTERNS[sub_type]).format(
        first=dice.pick(_FIRST),
        thing=_THINGS[thing],
        other=_THINGS[another],
        family=dice.pick(_FAMILIES),
        number=1 + dice.below(40),
    )


def address(dice: Dice, town: Town) -> str:
    """Make up an address in *town*: `Algade 12, 4800 Nykøbing Falster`."""
    letter = dice.pick("ABCD") if dice.below(8) == 0 else ""
    return f"{dice.pick(_STREETS)} {1 + dice.below(148)}{letter}, {town.postcode} {town.name}"
