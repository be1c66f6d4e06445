"""Companies, houses, flats, residents, crews and categories; sheets in and out."""
