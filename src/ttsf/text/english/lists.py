"""Small word lists by which the rules judge the neighbours of a token."""


def words(text: str) -> frozenset[str]:
    """The words of a text, to look one up."""
    return frozenset(text.split())


DETERMINERS = words(
    "a an the this that these those each every another any some no my your his her its our"
    " their one"
)
FUNCTION_WORDS = words(
    "a an the and or but nor for to in on at by of from with as than if so when while per each"
    " every is are was were be been being am do does did has have had will would could shall"
    " should may might must not it he she we they you i this that these those there here who"
    " which what where how why more less most least off away ago apart out up down over under"
    " again too also now then today yesterday tomorrow tall long wide deep high old thick thin"
    " heavy about around after before until till since during because though although into onto"
    " between among upon through across against within without plus minus only just even ever"
    " never worth back left right later earlier early late together instead altogether total"
)
"""What cannot be the noun of "a 5 dollar ..."."""
STARTERS = words(
    "The He She It I We They You But And So In On At This That These Those There Then When"
    " While If As My His Her Our Their Your Its A An Not No Yes After Before What Who Where Why"
    " How Is Are Was Were Do Does Did Can Could Will Would Has Have Had For To From With Now"
    " Here Please Some Many Most All Both Each Every One Two Three Nobody Everyone Everybody"
    " However Later Next Soon Let Go Come Call See Add Stir Press Turn Eat"
)
"""Words that begin sentences: after one of them a stop ends the sentence before."""
PLURALS = words(
    "people men women children sheep fish deer feet teeth mice police cattle aircraft species"
    " series staff sheets data dozen"
)
NOT_PLURAL = words("is was has its this as us thus yes his plus less across perhaps")
TITLES = words(
    "King Queen Pope Prince Princess Emperor Empress Tsar Czar Kaiser Sultan Pharaoh Duke"
    " Duchess Saint St Patriarch Shah Archduke Count Earl Lord"
)
REGNAL_NAMES = words(
    "Henry Louis Elizabeth Charles George Edward Richard James William Philip Ferdinand"
    " Napoleon Nicholas Peter Catherine Alexander Thutmose Ramses Ramesses Rameses Amenhotep"
    " Seti Paul Pius Benedict Leo Gregory Innocent Urban Clement Frederick Francis Franz Wilhelm"
    " Otto Mary John Ivan Boris Leopold Albert Alfonso Carlos Juan Felipe Gustav Christian"
    " Harald Olaf Haakon Margaret Margrethe Beatrix Cleopatra Ptolemy Darius Xerxes Cyrus"
    " Artaxerxes Mehmed Suleiman Murad Selim Umberto Victor Emmanuel Vittorio Joseph Rudolf"
    " Maximilian Matthias Sigismund Casimir Kamehameha Rama Hussein Abdullah Hassan Mohammed"
    " Muhammad Baldwin Malcolm Robert David Stephen Harold Boniface Julius Sixtus Celestine"
    " Callixtus Adrian Hadrian Honorius Constantine Theodosius Justinian Theodore Isabella Joan"
    " Anne Maria Wilhelmina Ludwig"
)
COUNTED = words(
    "War Bowl Part Chapter Volume Act Scene Phase Type Class Stage Level Book Section Title"
    " Article Appendix Rocky Fantasy Wars Episode Mark Apollo Vatican Grade Figure Table Round"
    " Game Season Windows Block Division Tier Category Schedule Unit Model Pentium Diablo Evil"
    " Quest Warcraft Starcraft Olympiad Factor Gemini Saturn Titan Soyuz Group Corps Army Legion"
    " Vol Ch Sec Fig No Number Step Rule Option Question Exercise Lesson Theorem Case Plan"
    " Exhibit Annex Canto Sonnet Symphony Concerto Hurricane Kombat Halo Rambo Jaws Matrix"
    " Godfather Madden Caesar Civilization Superman Batman Terminator Alien Shrek Saw Cycle"
    " Canon Series Amendment Cohort Sector Zone Region Lot Stratum Layer Photosystem Amiga Apple"
    " Quake Doom GTA Auto Story Man Trek Park Wick Creed Kong"
)
"""After these, a Roman numeral is a plain number ("World War II")."""
NUMBERED = words(
    "room rooms flight boeing airbus route highway hwy interstate suite apartment apt bus model"
    " area channel extension ext line train tram gate unit building form box"
)
"""After these, three and four digits are said in pairs ("Room 1905")."""
CODES = words(
    "code pin id password passcode otp serial account zip tracking reference confirmation"
    " combination cvv"
)
"""After these, digits are said one by one."""
CALLS = words("call dial phone tel telephone fax ring text rang called calls hotline")
YEAR_BEFORE = words(
    "in of since by until till from to about circa around year before after during between and"
    " through late early mid spring summer autumn fall winter c ca est established founded born"
    " died copyright back the class fy ad"
)
QUANTITIES = words(
    "total sum number distance average maximum minimum altitude population speed height depth"
    " length weight width mass price cost budget group crowd fleet army force range score"
    " capacity elevation team limit audience staff supply excess"
)
"""Of which there can be 1500: "a total of 1500"."""
