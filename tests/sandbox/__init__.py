"""The sandbox VTN, asked over HTTP like any other."""
