"""Identity cards of places that do not exist, as somebody's phone would photograph them; where each sensitive letter
stands is known. Ten layouts; faces from a folder of portraits, or drawn."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from efface.vision.models.runtime import Floats, Pixels

LAYOUTS = (
    "classic", "mrz-card", "passport", "licence", "back-mrz", "residence", "student", "columns", "ghost", "upside-down"
)  # fmt: skip
WIDTH, HEIGHT = 1012, 638
GIVEN = (
    "Mara", "Tolin", "Edda", "Jorun", "Sabe", "Linn", "Oda", "Pira", "Runa", "Selka", "Tamsin", "Ula", "Vesna",
    "Yara", "Zofe", "Anwen", "Brisa", "Calla",
)  # fmt: skip
FAMILY = (
    "Velde", "Orsan", "Tirk", "Halmo", "Quist", "Brannoc", "Dehl", "Ostrava", "Pellin", "Rumay", "Sondre", "Tavish",
    "Umber", "Wexel", "Yarrow",
)  # fmt: skip
PLACES = (
    "Norvane", "Ostmark-Lee", "Tirane", "Valdoria", "Kestrel", "Isles", "Brennia", "Marrowdale", "Sunder", "Coast",
    "Altenmoor", "Quillon",
)  # fmt: skip
STREETS = (
    "Lindengasse", "Harbour", "Row", "Mill", "Lane", "Rue", "du", "Puits", "Calle", "Larga", "Ulica", "Cicha",
    "Via", "Stretta", "Am", "Anger",
)  # fmt: skip
FONTS = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "LiberationSans-Regular.ttf", "DejaVuSansCondensed.ttf",
         "LiberationSerif-Regular.ttf", "DejaVuSansCondensed-Bold.ttf")  # fmt: skip
MONO = "DejaVuSansMono.ttf"


@dataclass
class Card:
    """``letters``: corners (4, 2) in pixels of the photograph of each sensitive letter, with what it belongs to
    (number, address, mrz, date, code; of a signature pieces). ``names``: the same of the letters of the name. ``face``
    in shares."""

    layout: str
    name: str
    photo: Pixels
    letters: list[tuple[str, Floats]] = field(default_factory=list)
    names: list[Floats] = field(default_factory=list)
    face: Floats | None = None


class _Sheet:
    """A flat card that remembers where its letters stand."""

    def __init__(self, rng: random.Random, paper: tuple[int, int, int]) -> None:
        self.rng = rng
        self.image = Image.new("RGB", (WIDTH, HEIGHT), paper)
        self.draw = ImageDraw.Draw(self.image)
        self.letters: list[tuple[str, Floats]] = []
        self.names: list[Floats] = []
        self.face: Floats | None = None
        self.font = rng.choice(FONTS)
        self.ink = rng.choice([(20, 20, 30), (40, 20, 20), (15, 40, 60), (60, 60, 60)])

    def background(self) -> None:
        """Fine coloured waves, as on real cards."""
        ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        base = np.asarray(self.image, np.float32)
        for _ in range(3):
            turn, fine, shift = self.rng.uniform(0, 3.1), self.rng.uniform(0.03, 0.3), self.rng.uniform(0, 6)
            wave = np.sin((xs * np.cos(turn) + ys * np.sin(turn)) * fine + 6 * np.sin(ys * 0.01 + shift))
            tint = np.array([self.rng.uniform(-9, 9) for _ in range(3)], np.float32)
            base += wave[..., None] * tint
        self.image = Image.fromarray(np.clip(base, 0, 255).astype(np.uint8))
        self.draw = ImageDraw.Draw(self.image)

    def text(self, x: float, y: float, words: str, size: int, kind: str = "", mono: bool = False,
             spread: float = 0.0, ink: tuple[int, int, int] | None = None) -> None:  # fmt: skip
        font = ImageFont.truetype(MONO if mono else self.font, size)
        for letter in words:
            left, top, right, bottom = self.draw.textbbox((x, y), letter, font=font)
            self.draw.text((x, y), letter, font=font, fill=ink or self.ink)
            if kind and letter.strip():
                box = np.float32([[left, top], [right, top], [right, bottom], [left, bottom]])
                self.names.append(box) if kind == "name" else self.letters.append((kind, box))
            x += self.draw.textlength(letter, font=font) + spread

    def field(self, x: float, y: float, label: str, words: str, kind: str, size: int = 26) -> None:
        self.text(x, y, label, 15, ink=(110, 110, 125))
        self.text(x, y + 19, words, size, kind)

    def portrait(self, face: Pixels, x: int, y: int, wide: int, high: int, ghost: bool = False) -> None:
        picture = Image.fromarray(face).resize((wide, high))
        if ghost:
            picture = Image.blend(picture.convert("L").convert("RGB"), self.image.crop((x, y, x + wide, y + high)), 0.5)
        else:
            self.face = np.float32([[x, y], [x + wide, y], [x + wide, y + high], [x, y + high]])
        self.image.paste(picture, (x, y))
        self.draw = ImageDraw.Draw(self.image)

    def bars(self, x: int, y: int, wide: int, high: int) -> None:
        """A bar code; it counts as twelve letters, one for each piece of it."""
        self.draw.rectangle((x - 10, y - 6, x + wide + 10, y + high + 6), fill=(250, 250, 250))
        at = x
        while at < x + wide:
            bar = self.rng.choice((2, 2, 3, 5))
            self.draw.rectangle((at, y, min(at + bar, x + wide), y + high), fill=(10, 10, 10))
            at += bar + self.rng.choice((2, 3, 4))
        for piece in range(12):
            left, right = x + wide * piece / 12, x + wide * (piece + 1) / 12
            self.letters.append(("code", np.float32([[left, y], [right, y], [right, y + high], [left, y + high]])))

    def matrix(self, x: int, y: int, side: int) -> None:
        cells = 25
        step = side / cells
        self.draw.rectangle((x - 8, y - 8, x + side + 8, y + side + 8), fill=(250, 250, 250))
        for row in range(cells):
            for column in range(cells):
                corner = any(row - r in range(7) and column - c in range(7) for r, c in ((0, 0), (0, 18), (18, 0)))
                dark = self.rng.random() < 0.5
                if corner:
                    r, c = row if row < 7 else row - 18, column if column < 7 else column - 18
                    dark = r in (0, 6) or c in (0, 6) or (2 <= r <= 4 and 2 <= c <= 4)
                if dark:
                    self.draw.rectangle(
                        (x + column * step, y + row * step, x + (column + 1) * step, y + (row + 1) * step),
                        fill=(10, 10, 10),
                    )
        for piece in range(4):
            top, bottom = y + side * piece / 4, y + side * (piece + 1) / 4
            self.letters.append(("code", np.float32([[x, top], [x + side, top], [x + side, bottom], [x, bottom]])))

    def mrz(self, x: float, y: float, rows: Sequence[str], size: int) -> None:
        for row in rows:
            self.text(x, y, row, size, "mrz", mono=True, ink=(15, 15, 15))
            y += size * 1.35

    def signature(self, x: int, y: int) -> None:
        points = [(x + step * 12, y + self.rng.randint(-18, 18)) for step in range(14)]
        self.draw.line(points, fill=(20, 20, 90), width=3, joint="curve")
        for begin, turn, end in zip(points, points[1:], points[2:], strict=False):
            heights = (begin[1], turn[1], end[1])
            top, bottom = min(heights) - 2, max(heights) + 2
            corners = [[begin[0], top], [end[0], top], [end[0], bottom], [begin[0], bottom]]
            self.letters.append(("signature", np.float32(corners)))


@dataclass
class _Person:
    given: str
    family: str
    number: str
    born: str
    street: str
    town: str
    place: str
    sex: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


def _person(rng: random.Random) -> _Person:
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
    return _Person(
        rng.choice(GIVEN), rng.choice(FAMILY),
        "".join(rng.choice(letters) for _ in range(2)) + "".join(rng.choice("0123456789") for _ in range(7)),
        f"{rng.randint(1, 28):02d}.{rng.randint(1, 12):02d}.{rng.randint(1960, 2004)}",
        f"{rng.choice(STREETS)} {rng.randint(1, 199)}", f"{rng.randint(10000, 99999)} {rng.choice(PLACES)}",
        rng.choice(PLACES), rng.choice("FMX"),
    )  # fmt: skip


def _rows(rng: random.Random, person: _Person, rows: int, length: int) -> list[str]:
    digits = "".join(rng.choice("0123456789") for _ in range(20))
    lines = [f"I<XYZ{person.number}{digits[:9]}", f"{digits[9:16]}{person.sex}{digits[:7]}XYZ",
             f"{person.family}<<{person.given}".upper()]  # fmt: skip
    if rows == 2:
        lines = [f"P<XYZ{person.family}<<{person.given}".upper(), f"{person.number}XYZ{digits}"]
    return [line[:length].ljust(length, "<") for line in lines]


def _flat(rng: random.Random, layout: str, person: _Person, face: Pixels, second: Pixels) -> _Sheet:
    paper = rng.choice([(226, 232, 240), (240, 230, 220), (222, 240, 226), (240, 226, 236), (235, 235, 225)])
    sheet = _Sheet(rng, paper)
    if layout != "student":
        sheet.background()
    title = f"{person.place.upper()}  ·  {rng.choice(['IDENTITY CARD', 'CARTE', 'AUSWEIS', 'DOCUMENTO'])}"
    sheet.text(30, 18, title, 30, ink=(30, 50, 110))
    number = lambda x, y, size=26: sheet.field(x, y, "No.", person.number, "number", size)  # noqa: E731
    born = lambda x, y: sheet.field(x, y, "Date of birth", person.born, "date")  # noqa: E731
    if layout in ("classic", "upside-down"):
        sheet.portrait(face, 40, 90, 250, 320)
        sheet.field(330, 90, "Surname", person.family, "name", 30)
        sheet.field(330, 160, "Given names", person.given, "name", 30)
        born(330, 230), number(640, 230), sheet.field(330, 300, "Address", person.street, "address")
        sheet.text(330, 350, person.town, 26, "address")
        sheet.signature(340, 450), sheet.bars(560, 520, 400, 70)
    elif layout == "mrz-card":
        sheet.portrait(face, 720, 80, 240, 300)
        sheet.field(40, 90, "Name", person.name, "name", 32)
        number(40, 170, 32), born(40, 250), sheet.field(330, 250, "Place", person.town, "address")
        sheet.mrz(36, 440, _rows(rng, person, 3, 30), 50)
    elif layout == "passport":
        sheet.portrait(face, 40, 80, 270, 340)
        number(700, 80, 30), sheet.field(340, 80, "Surname / Nom", person.family.upper(), "name", 28)
        sheet.field(340, 150, "Given names / Prénoms", person.given.upper(), "name", 28)
        born(340, 220), sheet.field(640, 220, "Place of birth", person.town, "address")
        sheet.field(340, 300, "Personal no.", person.number[::-1], "number"), sheet.signature(660, 360)
        sheet.mrz(30, 490, _rows(rng, person, 2, 44), 36)
    elif layout == "licence":
        sheet.portrait(face, 40, 120, 220, 280)
        for place, (label, words, kind) in enumerate([
            ("1.", person.family, "name"), ("2.", person.given, "name"), ("3.", f"{person.born} {person.town}", "date"),
            ("4a.", "03.02.2021", "date"), ("5.", person.number, "number"),
            ("8.", f"{person.street}, {person.town}", "address"),
        ]):  # fmt: skip
            sheet.text(300, 120 + 52 * place, label, 22)
            sheet.text(350, 120 + 52 * place, words, 26, kind)
        sheet.bars(300, 530, 640, 60)
    elif layout == "back-mrz":
        sheet.portrait(face, 760, 70, 200, 250)
        sheet.field(40, 80, "Name", person.name, "name"), sheet.field(40, 160, "Address", person.street, "address")
        sheet.text(40, 215, person.town, 26, "address"), number(40, 270), sheet.matrix(560, 90, 170)
        sheet.mrz(30, 430, _rows(rng, person, 3, 30), 52)
    elif layout == "residence":
        sheet.portrait(face, 50, 150, 240, 300)
        (
            sheet.text(330, 80, person.number, 44, "number", spread=6),
            sheet.field(330, 150, "Name", person.name, "name", 28),
        )
        (
            born(330, 230),
            sheet.field(560, 230, "Sex", person.sex, ""),
            sheet.field(330, 310, "Remarks", person.street, "address", 20),
        )
        sheet.text(330, 360, person.town, 18, "address"), sheet.portrait(second, 820, 380, 110, 140, ghost=True)
        for row in range(9):
            sheet.text(975, 90 + row * 40, person.number[row % len(person.number)], 24, "number")
    elif layout == "student":
        sheet.draw.rectangle((0, 0, WIDTH, 74), fill=(30, 60, 120))
        sheet.text(30, 18, "COLLEGE OF " + person.place.upper(), 34, ink=(250, 250, 250))
        sheet.portrait(face, 60, 110, 260, 330), sheet.text(360, 130, person.name, 42, "name")
        sheet.text(360, 200, "ID " + person.number, 30, "number"), sheet.text(360, 250, person.born, 24, "date")
        sheet.matrix(740, 240, 200), sheet.bars(80, 500, 520, 80)
        sheet.text(80, 592, " ".join(person.number), 22, "number")
    elif layout == "columns":
        sheet.portrait(face, 40, 90, 200, 260)
        for place, (label, words, kind) in enumerate([
            ("Family name", person.family, "name"), ("Number", person.number, "number"),
            ("First name", person.given, "name"),
            ("Born", person.born, "date"), ("Street", person.street, "address"), ("Town", person.town, "address"),
            ("Blood", "0 neg", ""), ("Register", person.number[2:] + "-7", "number"),
        ]):  # fmt: skip
            sheet.field(280 + 370 * (place % 2), 90 + 85 * (place // 2), label, words, kind, 22)
        sheet.text(40, 480, "Issued by the office of " + person.place, 15), sheet.bars(40, 530, 300, 60)
        sheet.text(400, 540, person.number + person.born.replace(".", ""), 30, "number", mono=True)
    else:  # ghost
        sheet.portrait(face, 40, 120, 230, 300), sheet.portrait(second, 800, 120, 140, 180, ghost=True)
        sheet.field(300, 110, "Name", person.name, "name", 30), number(300, 190), born(300, 270)
        sheet.field(300, 350, "Residence", f"{person.street}, {person.town}", "address", 22), sheet.signature(320, 470)
        sheet.text(40, 590, f"{person.number} {person.born} {person.town}", 14, "number")
        sheet.text(700, 480, person.number, 40, "number", ink=(170, 170, 180))
    return sheet


def _photograph(rng: random.Random, sheet: _Sheet, layout: str, person: _Person) -> Card:
    """The card on a table, seen askew, with glare, blur, noise and JPEG."""
    wide, high = rng.choice([(1600, 1200), (1440, 1080), (2000, 1500)])
    noise = np.random.default_rng(rng.randrange(1 << 30))
    table = np.full((high, wide, 3), [rng.randint(50, 200) for _ in range(3)], np.float32)
    table += cv2.resize(noise.normal(0, 14, (high // 16, wide // 16, 1)).astype(np.float32), (wide, high))[..., None]
    share = rng.uniform(0.62, 0.9)
    across = wide * share
    down = across * HEIGHT / WIDTH
    left, top = (wide - across) * rng.uniform(0.2, 0.8), (high - down) * rng.uniform(0.2, 0.8)
    corners = np.float32([[left, top], [left + across, top], [left + across, top + down], [left, top + down]])
    corners += np.float32([[rng.uniform(-0.03, 0.03) * wide, rng.uniform(-0.03, 0.03) * high] for _ in range(4)])
    turn = rng.uniform(-12, 12) + (180 if layout == "upside-down" else 0)
    spin = cv2.getRotationMatrix2D((wide / 2, high / 2), turn, 1.0 if abs(turn) > 90 or abs(turn) < 6 else 0.92)
    corners = cv2.transform(corners[None], spin)[0].astype(np.float32)
    flat = np.float32([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]])
    change = cv2.getPerspectiveTransform(flat, corners)
    card = cv2.warpPerspective(np.asarray(sheet.image), change, (wide, high), flags=cv2.INTER_AREA)
    lies = cv2.warpPerspective(np.full((HEIGHT, WIDTH), 255, np.uint8), change, (wide, high)) > 127
    photo = table
    photo[lies] = card[lies]
    ys, xs = np.mgrid[0:high, 0:wide].astype(np.float32)
    for _ in range(rng.randint(0, 2)):  # glare
        x, y, size = rng.uniform(0, wide), rng.uniform(0, high), rng.uniform(0.06, 0.2) * wide
        photo += (np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * size**2)) * rng.uniform(40, 130))[..., None]
    light = rng.uniform(0.6, 1.1) + (xs / wide - 0.5) * rng.uniform(-0.4, 0.4)
    photo *= light[..., None]
    photo = cv2.GaussianBlur(photo, (0, 0), rng.uniform(0.3, 1.7))
    photo += noise.normal(0, rng.uniform(2, 9), photo.shape)
    shot = np.clip(photo, 0, 255).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", shot[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, rng.randint(55, 92)])
    shot = np.ascontiguousarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1])

    def moved(box: Floats) -> Floats:
        return np.asarray(cv2.perspectiveTransform(box[None], change)[0], np.float32)

    return Card(
        layout, person.name, shot, [(kind, moved(box)) for kind, box in sheet.letters],
        [moved(box) for box in sheet.names], moved(sheet.face) if sheet.face is not None else None,
    )  # fmt: skip


def drawn_face(rng: random.Random) -> Pixels:
    """A face in a few strokes, for machines without portraits."""
    image = Image.new("RGB", (240, 300), (205, 210, 215))
    draw = ImageDraw.Draw(image)
    skin = rng.choice([(224, 184, 156), (150, 105, 80), (240, 205, 180), (110, 75, 55)])
    draw.ellipse((40, 20, 200, 250), fill=rng.choice([(40, 30, 25), (90, 60, 30), (180, 150, 90)]))
    draw.ellipse((60, 50, 180, 230), fill=skin)
    for x in (95, 145):
        draw.ellipse((x - 12, 115, x + 12, 130), fill=(250, 250, 250))
        draw.ellipse((x - 5, 117, x + 5, 129), fill=(30, 30, 30))
    draw.line((120, 130, 114, 165, 124, 167), fill=(90, 60, 50), width=3)
    draw.arc((95, 165, 145, 200), 20, 160, fill=(150, 60, 60), width=5)
    draw.rectangle((60, 240, 180, 300), fill=skin)
    return np.asarray(image)


def faces(folder: Path | None, rng: random.Random) -> list[Pixels]:
    """Portraits of a folder (cut to the middle), or drawn faces."""
    paths = sorted(folder.rglob("*.jpg")) if folder is not None and folder.is_dir() else []
    found = []
    for path in rng.sample(paths, min(len(paths), 40)):
        picture = Image.open(path).convert("RGB")
        side = min(picture.width / 4, picture.height / 5)
        left, top = (picture.width - 4 * side) / 2, (picture.height - 5 * side) * 0.3
        found.append(
            np.asarray(
                picture.crop((int(left), int(top), int(left + 4 * side), int(top + 5 * side))).resize((240, 300))
            )
        )
    return found or [drawn_face(rng) for _ in range(8)]


def make(seed: int, count: int, folder: Path | None = None) -> list[Card]:
    """``count`` cards, the layouts in turn; the same seed makes the same cards."""
    rng = random.Random(seed)
    portraits = faces(folder, rng)
    cards = []
    for number in range(count):
        layout = LAYOUTS[number % len(LAYOUTS)]
        person = _person(rng)
        one = rng.choice(portraits)
        cards.append(_photograph(rng, _flat(rng, layout, person, one, one), layout, person))
    return cards
