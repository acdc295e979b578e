"""``efface bench crawl``: our crawl and a Scrapy spider over the same pages of one world, and the hostile catalogue."""
