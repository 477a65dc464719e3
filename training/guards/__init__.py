"""What keeps a model from learning what it cannot know, or from data that is not what it seems."""
