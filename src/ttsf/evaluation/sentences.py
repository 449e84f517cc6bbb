"""Twenty plain sentences for listening tests; none is in any training corpus of the project."""

PLAIN = (
    "The train to the city leaves at nine in the morning.",
    "She put the keys on the table and closed the door.",
    "We had soup and bread for dinner last night.",
    "The children played in the garden until it was dark.",
    "He wrote a long letter to his brother in the army.",
    "There is a small house on the other side of the river.",
    "My sister works in a hospital near the station.",
    "The weather will be cold and dry tomorrow.",
    "They walked along the beach and talked about the future.",
    "Please open the window, it is very hot in here.",
    "The teacher asked the students to read the first page.",
    "A black dog was sleeping in front of the fire.",
    "The farmer sold his horses and bought some land.",
    "You can find the answer at the end of the book.",
    "Our neighbors are going to paint their house next week.",
    "The old man told a story about the war.",
    "It takes about an hour to drive to the airport.",
    "The doctor said that I should drink more water.",
    "Nobody knew where the money had gone.",
    "The music was so loud that we could not speak.",
)
