"""Beginnings of words by which somebody says that she is in danger, or does not want to live. Data; ``alarm`` reads it.

Written without accents in mind: both sides are compared in small letters with accents taken off. ASCII and other
scripts alike; the end of a word is left open ("suicid" also finds "suicidio").
"""

WORDS: dict[str, frozenset[str]] = {
    "self_harm": frozenset({
        # English
        "suicid", "kill myself", "killing myself", "end my life", "ending my life", "want to die", "wanna die",
        "wish i was dead", "wish i were dead", "better off dead", "hurt myself", "hurting myself", "harm myself",
        "self harm", "self-harm", "cut myself", "dont want to live", "do not want to live", "no reason to live",
        "cant go on living",
        # German
        "umbringen will", "mich umbringen", "bring mich um", "selbstmord", "suizid", "nicht mehr leben", "will sterben",
        "sterben will", "mir etwas antun", "mir was antun", "ritze mich", "mich ritzen", "mich verletzen",
        # Spanish
        "suicidar", "matarme", "quitarme la vida", "no quiero vivir", "quiero morir", "hacerme dano", "cortarme",
        "acabar con mi vida",
        # French
        "me tuer", "me suicider", "envie de mourir", "veux mourir", "plus vivre", "me faire du mal",
        "en finir avec la vie",
        # Portuguese, Italian
        "me matar", "quero morrer", "acabar com a minha vida", "me machucar", "uccidermi", "voglio morire",
        "togliermi la vita", "farmi del male",
        # Polish, Dutch
        "samoboj", "zabic sie", "chce umrzec", "nie chce zyc", "zelfmoord", "wil dood", "niet meer leven",
        "mezelf iets aandoen",
        # Ukrainian, Arabic
        "самогуб", "не хочу жити", "хочу померти", "вбити себе", "انتحار", "أقتل نفسي", "اقتل نفسي", "أريد أن أموت",
    }),
    "danger": frozenset({
        # English
        "he will kill me", "she will kill me", "they will kill me", "going to kill me", "threatens to kill",
        "threatened to kill", "he hits me", "he beats me", "hes outside", "he is outside", "at my door", "has a gun",
        "has a knife", "afraid for my life", "not safe at home", "follows me", "stalking me",
        # German
        "bringt mich um", "toten will", "mich toten", "schlagt mich", "vor meiner tur", "steht vor der tur",
        "angst um mein leben", "hat eine waffe", "hat ein messer", "verfolgt mich",
        # Spanish
        "me va a matar", "me quiere matar", "me pega", "me golpea", "en mi puerta", "miedo por mi vida",
        "tiene un arma", "tiene un cuchillo", "me sigue a", "me persigue",
        # French
        "va me tuer", "veut me tuer", "me frappe", "me bat", "devant ma porte", "peur pour ma vie", "a une arme",
        # Portuguese, Italian
        "vai me matar", "quer me matar", "me bate", "mi uccide", "vuole uccidermi", "mi picchia", "sotto casa mia",
        # Polish, Dutch
        "zabije mnie", "bije mnie", "pod moimi drzwiami", "vermoordt me", "slaat me", "voor mijn deur",
        # Ukrainian, Arabic
        "вб'є мене", "б'є мене", "під моїми дверима", "سيقتلني", "يضربني",
    }),
}  # fmt: skip
