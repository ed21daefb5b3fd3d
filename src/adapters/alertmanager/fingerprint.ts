const prime = 1_099_511_628_211n;
const start = 14_695_981_039_346_656_037n;
const separator = 0xff;

/** Alertmanager's own fingerprint: FNV-1a, 64 bits, over the labels in order of their names. */
export function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  let hash = start;
  const add = (bytes: Iterable<number>) => {
    for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * prime);
  };
  const encode = new TextEncoder();
  for (const name of Object.keys(labels).sort()) {
    add(encode.encode(name));
    add([separator]);
    add(encode.encode(labels[name]));
    add([separator]);
  }
  return hash.toString(16).padStart(16, '0');
}
