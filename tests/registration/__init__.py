"""Registration, judged by what a VTN holds afterwards and by what the operator was told."""
