"""The nouns: values the stages hand to each other. No I/O."""
