"""Honest numbers for coordinators, funders and the public: counted once a day, protected, drawn, published."""
