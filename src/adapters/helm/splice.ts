/** Where one value stands in a JSON text. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Puts a text in place of a string member of an object in a JSON text, and leaves every other byte alone; null where it has no such member. */
export function replaceText(json: string, path: readonly string[], text: string): string | null {
  let range: Range = { from: skipSpace(json, 0), to: json.length };
  for (const name of path) {
    const inner = memberOf(json, range.from, name);
    if (!inner) return null;
    range = inner;
  }
  return json.slice(0, range.from) + JSON.stringify(text) + json.slice(range.to);
}

/** The value of a member of the object that begins at `at`. */
function memberOf(json: string, at: number, name: string): Range | null {
  if (json[at] !== '{') return null;
  let here = skipSpace(json, at + 1);
  while (json[here] === '"') {
    const end = endOf(json, here);
    const key: unknown = JSON.parse(json.slice(here, end));
    const from = skipSpace(json, skipSpace(json, end) + 1);
    const to = endOf(json, from);
    if (key === name) return { from, to };
    here = skipSpace(json, to);
    if (json[here] !== ',') return null;
    here = skipSpace(json, here + 1);
  }
  return null;
}

function skipSpace(json: string, at: number): number {
  let here = at;
  while (' \t\n\r'.includes(json[here] ?? '.')) here += 1;
  return here;
}

/** The place behind the value that begins at `at`; the text is known to be JSON. */
function endOf(json: string, at: number): number {
  if (json[at] === '"') {
    let here = at + 1;
    while (here < json.length && json[here] !== '"') here += json[here] === '\\' ? 2 : 1;
    return here + 1;
  }
  if (json[at] !== '{' && json[at] !== '[') {
    let here = at;
    while (here < json.length && !',}] \t\n\r'.includes(json[here] ?? '')) here += 1;
    return here;
  }
  let depth = 0;
  for (let here = at; here < json.length; ) {
    const sign = json[here];
    if (sign === '"') {
      here = endOf(json, here);
      continue;
    }
    if (sign === '{' || sign === '[') depth += 1;
    if (sign === '}' || sign === ']') depth -= 1;
    here += 1;
    if (depth === 0) return here;
  }
  return json.length;
}
