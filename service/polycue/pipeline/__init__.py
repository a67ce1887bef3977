"""One job from file to tracks: the only place that knows every stage and their order."""
