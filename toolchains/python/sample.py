from collections import Counter

text = input("Say something: ")
for letter, count in Counter(text.lower().replace(" ", "")).most_common(5):
    print(f"{letter}: {'#' * count}")
