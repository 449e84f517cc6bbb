"""The symbols that E_t embeds, in the order of its table."""

BLANK = "_"
PUNCTUATION = ";:,.!?—… "
LETTERS = "abcdefghijklmnopqrstuvwxyz"
IPA = "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟɡɢɣɤɥɦɧħɨɪɫɬɭɮɯɰɱŋɳɲɴøɵɸθœɶɹɺɻɽɾʀʁʂʃʈʊʉʋʌʍχʎʏʑʐʒʔʕᵻˈˌːˑʰʲʷʼ̩̃ˠˤ˞"
SYMBOLS = (BLANK, *PUNCTUATION, *LETTERS, *IPA)
SYMBOL_ID = {symbol: i for i, symbol in enumerate(SYMBOLS)}
