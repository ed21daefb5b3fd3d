/** Names whose values people expect to stay hidden. */
const secretName =
  /secret|token|passw|passphrase|pwd|credential|private_?key|api_?key|access_?key|dsn|cookie|signature|(^|_)(key|pass|pin|jwt|auth)$/i;

/** A URL with a password in it. */
const secretValue = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;

/** Whether a variable's value must be neither written in a catalogue nor shown, judged by its name. */
export function isSecretName(name: string): boolean {
  return secretName.test(name.replace(/[-.]/g, '_'));
}

/** Whether a value shows by its form that it holds a password. */
export function isSecretValue(value: string): boolean {
  return secretValue.test(value);
}
