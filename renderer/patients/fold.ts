/** Letters that Unicode does not take apart into a base and a mark. */
const letters: { [letter: string]: string } = {
  ß: 'ss',
  ø: 'o',
  æ: 'ae',
  œ: 'oe',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
}

const plain = /^[ -~]*$/

/** Text for comparing names: small letters without diacritics, `ECHEVARRÍA` → `echevarria`. */
export function fold(text: string): string {
  // Most names are plain, and a list of 1,000 is folded while somebody waits for it.
  if (plain.test(text)) return text.toLowerCase()
  return text
    .normalize('NFD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
    .replaceAll(/[ßøæœłđðþı]/g, (letter) => letters[letter] ?? letter)
}

/** The words of a name, folded: `O'Brien-Müller, Anna (Mrs)` → `obrien`, `muller`, `anna`, `mrs`. */
export function foldedWords(text: string): string[] {
  return fold(text)
    .replaceAll(/['’`]/g, '')
    .split(/[^\p{Letter}\p{Number}]+/u)
    .filter((word) => word !== '')
}
