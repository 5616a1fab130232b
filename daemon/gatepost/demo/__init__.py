"""Everything on one desk: a sample marketplace, a post office to look into, and the story of one mail."""
