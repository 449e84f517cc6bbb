"""What is said when: words, phones and visemes, and the files that tell other programs."""
