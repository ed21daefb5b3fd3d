import type { Permission } from '../src/domain/catalogue.ts';
import type { Reply, TypedCommand } from '../src/ports/inbound.ts';
import type { HelpTopic } from '../templates/data.ts';
import { ask } from './ask.ts';
import type { DoorDeps } from './deps.ts';
import { logs } from './logs.ts';
import { approve, cancel, reject, resolve, show, tick, undo } from './on-run.ts';
import {
  freeze,
  grade,
  hold,
  reload,
  showCandidates,
  showDoctor,
  showGate,
  showHelp,
  showHistory,
  showStatus,
  unfreeze,
  unhold,
} from './on-target.ts';
import type { Ask } from './parse/reading.ts';
import type { Grammar } from './parse.ts';
import type { Visit } from './visit.ts';

/** One command: how it is typed, who may, where it is offered, which help explains it, and what it does. */
export interface Command extends Grammar {
  readonly usage: string;
  /** What the person must be allowed; absent: whoever is recognised, or the handler decides by the run. */
  readonly permission?: Permission;
  /** Where it is offered, if not everywhere: in Slack a button does it, on the card that shows what it is about. */
  readonly door?: 'cli';
  /** Whether accounts that the catalogue does not list may use it on a terminal. */
  readonly open?: true;
  readonly topic: HelpTopic;
  run(deps: DoorDeps, visit: Visit, ask: Ask, typed: TypedCommand): Promise<Reply>;
}

const target = ['service', 'environment'] as const;

/** Every command, for Slack and the command line alike. */
export const commands: Readonly<Record<string, Command>> = {
  rollback: {
    usage: 'SERVICE [in ENV] [to RELEASE] [level N | strategy NAME] because REASON',
    also: [],
    takes: ['service'],
    needs: ['service', 'environment', 'reason'],
    permission: 'request',
    topic: 'roll-back',
    run: ask,
  },
  status: {
    usage: 'status [SERVICE [in ENV]]',
    also: ['st', '状态'],
    takes: ['service'],
    needs: [],
    topic: 'commands',
    run: showStatus,
  },
  history: {
    usage: 'history [SERVICE [in ENV]]',
    also: ['历史'],
    takes: ['service'],
    needs: [],
    topic: 'commands',
    run: showHistory,
  },
  candidates: {
    usage: 'candidates SERVICE [in ENV]',
    also: ['releases', '候选'],
    takes: ['service'],
    needs: target,
    topic: 'releases',
    run: showCandidates,
  },
  show: {
    usage: 'show RUN | show SERVICE [in ENV] RELEASE',
    also: ['查看'],
    takes: ['run-or-service', 'release'],
    needs: ['environment'],
    topic: 'commands',
    run: show,
  },
  logs: {
    usage: 'logs RUN',
    also: ['describe', '日志'],
    takes: ['run'],
    needs: [],
    permission: 'request',
    topic: 'commands',
    run: logs,
  },
  cancel: {
    usage: 'cancel RUN [because REASON]',
    also: ['stop', '取消', '中止'],
    takes: ['run'],
    needs: [],
    topic: 'roll-back',
    run: cancel,
  },
  approve: {
    usage: 'approve RUN',
    also: ['批准'],
    takes: ['run'],
    needs: [],
    door: 'cli',
    topic: 'approval',
    run: approve,
  },
  reject: {
    usage: 'reject RUN because REASON',
    also: ['驳回'],
    takes: ['run'],
    needs: ['reason'],
    door: 'cli',
    topic: 'approval',
    run: reject,
  },
  tick: {
    usage: 'tick RUN N yes|no',
    also: ['勾选'],
    takes: ['run', 'box', 'answer'],
    needs: ['box', 'answer'],
    door: 'cli',
    topic: 'roll-back',
    run: tick,
  },
  resolve: {
    usage: 'resolve RUN [DECISION] [because REASON]',
    also: ['处理'],
    takes: ['run', 'decision'],
    needs: [],
    topic: 'operator',
    run: resolve,
  },
  undo: {
    usage: 'undo RUN because REASON',
    also: ['撤销'],
    takes: ['run'],
    needs: ['reason'],
    permission: 'undo',
    topic: 'roll-back',
    run: undo,
  },
  grade: {
    usage: 'grade SERVICE [in ENV] RELEASE good|bad because REASON',
    also: ['评级'],
    takes: ['service', 'release', 'grade'],
    needs: [...target, 'release', 'grade', 'reason'],
    permission: 'grade',
    topic: 'releases',
    run: grade,
  },
  hold: {
    usage: 'hold SERVICE [in ENV] RELEASE because REASON',
    also: ['暂扣'],
    takes: ['service', 'release'],
    needs: [...target, 'release', 'reason'],
    permission: 'hold',
    topic: 'freeze',
    run: hold,
  },
  'release-hold': {
    usage: 'release-hold SERVICE [in ENV] [RELEASE]',
    also: ['unhold', '解除'],
    takes: ['service', 'release'],
    needs: target,
    permission: 'hold',
    topic: 'freeze',
    run: unhold,
  },
  freeze: {
    usage: 'freeze SERVICE [in ENV] [for TIME | until TIME] [level N] because REASON',
    also: ['冻结'],
    takes: ['service'],
    needs: [...target, 'reason'],
    permission: 'freeze',
    topic: 'freeze',
    run: freeze,
  },
  unfreeze: {
    usage: 'unfreeze SERVICE [in ENV]',
    also: ['解冻'],
    takes: ['service'],
    needs: target,
    permission: 'freeze',
    topic: 'freeze',
    run: unfreeze,
  },
  gate: {
    usage: 'gate SERVICE [in ENV] RELEASE',
    also: [],
    takes: ['service', 'release'],
    needs: [...target, 'release'],
    open: true,
    topic: 'releases',
    run: showGate,
  },
  doctor: {
    usage: 'doctor',
    also: ['体检'],
    takes: [],
    needs: [],
    topic: 'commands',
    run: showDoctor,
  },
  reload: {
    usage: 'reload',
    also: ['重载'],
    takes: [],
    needs: [],
    permission: 'reload',
    topic: 'commands',
    run: reload,
  },
  help: {
    usage: 'help [TOPIC]',
    also: ['?', '帮助'],
    takes: ['topic'],
    needs: [],
    open: true,
    topic: 'commands',
    run: showHelp,
  },
};
