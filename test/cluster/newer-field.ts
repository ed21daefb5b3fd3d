/**
 * A server that is newer than its clients: a field they have never heard of stands in what they read, and what they
 * write may hold it. This API server does not know the field, so the proxy adds it on the way down and takes it out on
 * the way up; what a client sent of it is to be seen in the proxy's list of requests.
 */
export type NewerField = {
  readonly kind: 'newer-field';
  /** Where the field stands in an object, as keys; `*` is every member of an array. Objects without the place have none. */
  readonly at: readonly string[];
  readonly name: string;
  readonly value: unknown;
};

type Bag = Record<string, unknown>;

const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);

function addTo(value: unknown, at: readonly string[], field: NewerField): void {
  const [key, ...rest] = at;
  if (key === undefined) {
    if (isBag(value)) value[field.name] = field.value;
  } else if (key === '*') {
    if (Array.isArray(value)) for (const member of value) addTo(member, rest, field);
  } else if (isBag(value)) addTo(value[key], rest, field);
}

/** The text of an object, a list or a watch's event with the fields in it; text that is no JSON stays as it is. */
export function withFields(text: string, fields: readonly NewerField[]): string {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return text;
  }
  const objects = isBag(read) ? (Array.isArray(read.items) ? read.items : [read, read.object]) : [];
  for (const field of fields) for (const object of objects) addTo(object, field.at, field);
  return JSON.stringify(read);
}

/** A request's body without the fields, wherever they stand in it; operations of a JSON patch on the very field are left out. */
export function withoutFields(body: Buffer, fields: readonly NewerField[]): Buffer {
  const names = new Set(fields.map(field => field.name));
  const isOnField = (value: unknown) =>
    isBag(value) && typeof value.path === 'string' && value.path.split('/').some(part => names.has(part));
  try {
    const sent = JSON.parse(body.toString());
    const kept = Array.isArray(sent) ? sent.filter(operation => !isOnField(operation)) : sent;
    return Buffer.from(JSON.stringify(kept, (key, value) => (names.has(key) ? undefined : value)));
  } catch {
    return body;
  }
}
