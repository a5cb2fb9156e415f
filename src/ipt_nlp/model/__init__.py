"""The tagger: the one package that imports torch."""
