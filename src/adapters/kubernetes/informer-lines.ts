/** The longest line that is kept, in bytes: no object that etcd takes is longer as JSON. */
const longestLine = 16 * 1024 * 1024;

/** Makes a reader of an answer in pieces that hands on each whole line; answers false to a piece from which no line can be read any more. */
export function createLineReader(take: (line: string) => void): (piece: Buffer) => boolean {
  let rest: Buffer[] = [];
  let size = 0;
  return piece => {
    let from = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
      const line = Buffer.concat([...rest, piece.subarray(from, end)]).toString('utf8');
      rest = [];
      size = 0;
      from = end + 1;
      if (line.trim()) take(line);
    }
    if (from < piece.length) {
      rest.push(Buffer.from(piece.subarray(from)));
      size += piece.length - from;
    }
    return size <= longestLine;
  };
}
