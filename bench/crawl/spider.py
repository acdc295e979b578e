"""Runs in the peers' environment, never in ours: a Scrapy spider over the sites of a world, with the libraries one
would take: parsel, Pillow, pdqhash, face_recognition. Reads what to do as JSON from standard input, prints what it did.

With "ours" (a path) the pictures go through Efface's own vision code in the same process instead: decode, hash, local
features and faces, so that only the crawlers differ.
"""

import io
import json
import logging
import os
import re
import resource
import sys
import time
from urllib.parse import urlsplit, urlunsplit

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.utils.project import get_project_settings

GIVEN = json.load(sys.stdin)
PICTURE = re.compile(r"\.(?:jpe?g|png|webp|gif)$", re.IGNORECASE)
SEEN = {"pages": 0, "media": 0, "faces": 0, "hashes": 0, "errors": 0}
sys.path.extend(GIVEN.get("path", []))


class Usual:
    """PDQ and faces with the usual libraries."""

    def __init__(self):
        import face_recognition
        import numpy
        import pdqhash
        from PIL import Image

        self.faces, self.numpy, self.pdq, self.image = face_recognition, numpy, pdqhash, Image
        self.known = [numpy.random.default_rng(number).normal(0, 0.1, 128) for number in range(6)]
        face_recognition.face_encodings(numpy.zeros((80, 80, 3), numpy.uint8))

    def __call__(self, data):
        pixels = self.numpy.asarray(self.image.open(io.BytesIO(data)).convert("RGB"))
        self.pdq.compute(pixels)
        places = self.faces.face_locations(pixels)
        found = self.faces.face_encodings(pixels, places)
        for encoding in found:
            self.faces.compare_faces(self.known, encoding)
        return len(found)


class Ours:
    """The same with Efface's vision code, as the decoder does it: one decode, PDQ of eight views, look, faces."""

    def __init__(self):
        from pathlib import Path

        from efface.net.decoder import work
        from efface.net.protocol import Want
        from efface.vision.faces import FaceEngine

        self.work = work
        self.engine = FaceEngine.load(Path(GIVEN["models"])) if GIVEN.get("models") else None
        work.rehearse(self.engine)
        self.want = Want.LOOK | (Want.FACES if self.engine else Want.PLAIN)

    def __call__(self, data):
        return len(self.work.picture(data, self.engine, self.want).faces)


class World(scrapy.Spider):
    """The pages named, and every picture on them. Links are read and followed to pages that are named."""

    name = "world"

    def __init__(self, vision):
        super().__init__()
        self.vision = vision
        self.pages = {self.dialled(page) for page in GIVEN["pages"]}

    async def start(self):
        for page in GIVEN["pages"]:
            yield scrapy.Request(self.dialled(page), self.parse)

    def dialled(self, url):
        parts = urlsplit(url)
        if parts.port is None:
            parts = parts._replace(netloc=f"{parts.hostname}:{GIVEN['port']}")
        return urlunsplit(parts)

    def parse(self, response):
        if not isinstance(response, scrapy.http.TextResponse):
            return
        SEEN["pages"] += 1
        text = " ".join(response.css("body ::text").getall())
        self.words = len(text.split())
        for reference in self.pictures(response):
            yield self.ask(response, reference, self.picture)
        for reference in response.css("a::attr(href)").getall():
            if PICTURE.search(reference.split("?")[0]):
                yield self.ask(response, reference, self.picture)
            else:
                request = self.ask(response, reference, self.parse)
                if request is not None and request.url in self.pages:
                    yield request

    def pictures(self, response):
        found = response.css("img::attr(src), img::attr(data-src), video::attr(poster)").getall()
        found += response.css("meta[property='og:image']::attr(content)").getall()
        for sizes in response.css("img::attr(srcset), source::attr(srcset)").getall():
            found += [part.split()[0] for part in sizes.split(",") if part.strip()]
        return [one for one in found if not one.startswith("data:")]

    def ask(self, response, reference, then):
        try:
            url = self.dialled(response.urljoin(reference))
        except ValueError:
            return None
        return scrapy.Request(url, then) if url.startswith("http") else None

    def picture(self, response):
        try:
            SEEN["faces"] += self.vision(response.body)
            SEEN["media"] += 1
        except Exception:
            SEEN["errors"] += 1


class Names:
    """Scrapy's resolver, with the world's names: each host's loopback address was looked up before."""


def _resolver():
    from scrapy.resolver import CachingThreadedResolver
    from twisted.internet import defer

    class Fixed(CachingThreadedResolver):
        def getHostByName(self, name, timeout=None):
            address = GIVEN["hosts"].get(name)
            if address is None:
                return defer.fail(OSError(f"no such host: {name}"))
            return defer.succeed(address)

    return Fixed


class NoNone:
    """Drops what could not be asked for."""

    async def process_spider_output_async(self, response, result, spider=None):
        async for one in result:
            if one is not None:
                yield one

    def process_spider_output(self, response, result, spider=None):
        return (one for one in result if one is not None)


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    vision = Ours() if GIVEN.get("ours") else Usual()
    settings = get_project_settings()
    settings.setdict(
        {
            "ROBOTSTXT_OBEY": True,
            "DNS_RESOLVER": _resolver(),
            "CONCURRENT_REQUESTS": 32,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
            "DOWNLOAD_DELAY": 0,
            "DOWNLOAD_TIMEOUT": 5,
            "RETRY_ENABLED": False,
            "COOKIES_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "LOG_LEVEL": "CRITICAL",
            "DEPTH_LIMIT": 6,
            "CLOSESPIDER_TIMEOUT": 1200,
            "DOWNLOAD_MAXSIZE": 25_000_000,
            "SPIDER_MIDDLEWARES": {NoNone: 1},
            "USER_AGENT": "EffaceBot/0.1 (bench)",
        }
    )
    logging.disable(logging.CRITICAL)
    process = CrawlerProcess(settings)
    process.crawl(World, vision=vision)
    start, began = time.process_time(), time.monotonic()
    process.start()
    SEEN["cpu_s"] = time.process_time() - start
    SEEN["wall_s"] = time.monotonic() - began
    SEEN["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answers.write(json.dumps(SEEN) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
