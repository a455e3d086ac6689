"""When, how often, until when: loops, cadences, health. What is done is `services`."""
