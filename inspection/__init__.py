"""What went on inside: any Keras model in, arrays out."""
