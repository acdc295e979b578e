"""Links that she or a worker reports (``search.reported``): looked at once, whatever robots.txt says."""

from efface.search.sources.contract import Asks, Contract

SOURCE = Asks(Contract("reported", (), "nothing", "", 0, "None: a person named the page."))
