/** Where the program notes what it does, for whoever runs it: facts first, then the sentence (pino's shape). Never a secret. */
export interface Log {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}
