const plain = /^[A-Za-z0-9_./:=@%+,-]+$/;

/** Words as one line for a POSIX shell that a person pastes it into; a word that a shell would take apart or expand is quoted. */
export function shellLine(words: readonly string[]): string {
  return words.map(word => (plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}
