/** A command line taken apart: the switches are ours, the rest is the command as people type it in Slack. */
export interface CommandLine {
  /** First word; null where there is none. */
  readonly name: string | null;
  readonly args: readonly string[];
  /** Name and arguments joined, each argument one word of the parser. */
  readonly text: string;
  readonly json: boolean;
  readonly watch: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

const switches = ['--json', '--watch', '--help', '-h', '--version'] as const;

/** Takes a command line apart; switches count anywhere before the reason and at the very end. */
export function readArguments(all: readonly string[]): CommandLine {
  const trailing = all.length - all.findLastIndex(arg => !isSwitch(arg)) - 1;
  const argv = [...all.slice(all.length - trailing), ...all.slice(0, all.length - trailing)];
  const because = argv.findIndex(arg => /^(because|reason|--reason|--because|因为|原因)$/i.test(arg));
  const front = because < 0 ? argv : argv.slice(0, because);
  const given = new Set(front.filter(arg => isSwitch(arg)));
  const rest = [...front.filter(arg => !isSwitch(arg)), ...(because < 0 ? [] : argv.slice(because))];
  const [name = null, ...args] = rest;
  return {
    name,
    args,
    text: rest.map(oneWord).join(' '),
    json: given.has('--json'),
    watch: given.has('--watch'),
    help: given.has('--help') || given.has('-h'),
    version: given.has('--version'),
  };
}

function isSwitch(arg: string): boolean {
  return (switches as readonly string[]).includes(arg);
}

/** Quotes an argument that the shell had kept together, so that the parser does too. */
function oneWord(arg: string): string {
  if (!/[\s\p{Zs}]/u.test(arg)) return arg;
  const pair = [`""`, '«»', '「」', '『』'].find(
    ([open = '', close = '']) => !arg.includes(open) && !arg.includes(close),
  );
  return pair ? `${pair[0]}${arg}${pair[1]}` : arg;
}
