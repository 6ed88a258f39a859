"""What a person wants to say, as values: camera, motion brush, regions, paths, voice."""
