import type { Locale } from '../src/domain/catalogue.ts';
import { type RunId, shortRunId } from '../src/domain/ids.ts';

/** The programs of the command line that are no commands of Slack. */
export const programNames = ['init', 'discover', 'start', 'check', 'schema', 'doctor', 'demo'] as const;

/** A program of the command line. */
export type ProgramName = (typeof programNames)[number];

interface Words {
  readonly usage: string;
  readonly programs: Readonly<Record<ProgramName, string>>;
  readonly switches: readonly string[];
  readonly codes: string;
  readonly more: string;
  readonly kept: (file: string) => string;
  readonly wrote: (files: readonly string[]) => string;
  readonly afterInit: readonly string[];
  readonly found: (workloads: number) => string;
  readonly none: (namespaces: readonly string[]) => string;
  readonly unnamed: string;
  readonly afterDiscover: readonly string[];
  readonly fine: (file: string, services: number) => string;
  readonly roles: string;
  readonly goesOn: (run: string) => string;
  readonly watching: (run: string) => string;
  readonly notLooked: (run: string) => string;
}

const words = {
  en: {
    usage: 'Usage: backout COMMAND',
    programs: {
      init: 'init [SERVICE]               writes a commented backout.yaml and the Slack app manifest',
      discover: 'discover [NAMESPACE …]       writes a catalogue of what a Kubernetes cluster runs, in observe mode',
      start: 'start                        runs Backout',
      check: 'check [FILE]                 tells everything that is wrong with the catalogue',
      schema: 'schema                       prints the JSON Schema of the catalogue, for editors',
      doctor: 'doctor                       looks at Slack, Redis and the targets: what works, what does not',
      demo: 'demo                         a rollback to click through, on this machine',
    },
    switches: [
      '--watch   wait for the run and tell how it goes (Ctrl-C leaves it going)',
      '--json    print data instead of sentences',
    ],
    codes: 'Exit code: 0 done, 1 refused or failed, 2 not understood, 3 not confirmed',
    more: 'More: backout help TOPIC, with TOPIC one of',
    kept: file => `${file} is there already and was left as it is.`,
    wrote: files => `Wrote ${files.join(' and ')}.`,
    afterInit: [
      'Next: create the Slack app from the manifest at https://api.slack.com/apps (From a manifest),',
      'put its tokens into the environment (SLACK_BOT_TOKEN, SLACK_APP_TOKEN), fill in backout.yaml, then:',
      '  backout check && backout start',
    ],
    found: workloads => `Found ${workloads} workload${workloads === 1 ? '' : 's'}.`,
    none: namespaces =>
      namespaces.length > 0
        ? `Looked in ${namespaces.join(', ')}, in the current context of the kubeconfig (kubectl config current-context). Nothing was written.`
        : 'Looked in every namespace but kube-*, in the current context of the kubeconfig (kubectl config current-context). Nothing was written. Others are looked at where they are named: backout discover NAMESPACE …',
    unnamed: 'Nothing was written: no workload has a name that a service can bear (at most 63 characters).',
    afterDiscover: [
      'Next: read the catalogue, fill in the channel and the people, copy it to backout.yaml, then:',
      '  kubectl apply -f backout-reader.yaml    the rights to look, nothing more, for the ServiceAccount backout/backout-worker;',
      '                                          not needed where Backout starts with your own kubeconfig',
      '  backout check && backout start',
    ],
    fine: (file, services) => `${file}: nothing wrong, ${services} service${services === 1 ? '' : 's'}.`,
    roles: '# Grants what is missing. Look at it, then apply it with an account that may: kubectl apply -f FILE',
    goesOn: run => `The run goes on. See how it stands: backout show ${run}`,
    watching: run => `Waiting for ${run}. Ctrl-C stops the waiting and leaves the run going.`,
    notLooked: run => `No worker has told yet how its objects stand. Ask again: backout logs ${run}`,
  },
  'zh-CN': {
    usage: '用法：backout 命令',
    programs: {
      init: 'init [服务]                  生成带注释的 backout.yaml 和 Slack 应用清单',
      discover: 'discover [命名空间 …]        根据 Kubernetes 集群中的工作负载生成服务目录（观察模式）',
      start: 'start                        启动 Backout',
      check: 'check [文件]                 列出服务目录文件中的所有问题',
      schema: 'schema                       输出服务目录文件的 JSON Schema，供编辑器使用',
      doctor: 'doctor                       检查 Slack、Redis 和目标是否正常',
      demo: 'demo                         在本机演示一次完整的回滚',
    },
    switches: ['--watch   等待回滚并显示进展（Ctrl-C 只停止等待，回滚继续）', '--json    输出数据而非文字'],
    codes: '退出码：0 完成，1 被拒绝或失败，2 无法识别，3 未确认',
    more: '更多：backout help 主题，主题可为',
    kept: file => `${file} 已存在，未作改动。`,
    wrote: files => `已写入 ${files.join('、')}。`,
    afterInit: [
      '下一步：在 https://api.slack.com/apps 用清单创建 Slack 应用（From a manifest），',
      '将令牌写入环境变量（SLACK_BOT_TOKEN、SLACK_APP_TOKEN），填好 backout.yaml，然后：',
      '  backout check && backout start',
    ],
    found: workloads => `找到 ${workloads} 个工作负载。`,
    none: namespaces =>
      namespaces.length > 0
        ? `已查看 kubeconfig 当前 context（kubectl config current-context）中的 ${namespaces.join('、')}。没有写入任何文件。`
        : '已查看 kubeconfig 当前 context（kubectl config current-context）中除 kube-* 以外的所有命名空间。没有写入任何文件。其他命名空间须指明：backout discover 命名空间 …',
    unnamed: '没有写入任何文件：没有工作负载的名称可用作服务名（最多 63 个字符）。',
    afterDiscover: [
      '下一步：查看该目录文件，填好频道和人员，复制为 backout.yaml，然后：',
      '  kubectl apply -f backout-reader.yaml    仅授予查看权限，给 ServiceAccount backout/backout-worker；',
      '                                          若用您自己的 kubeconfig 启动 Backout，则不需要',
      '  backout check && backout start',
    ],
    fine: (file, services) => `${file}：没有问题，共 ${services} 个服务。`,
    roles: '# 授予所缺的权限。请先检查，再用有权限的账号执行：kubectl apply -f 文件',
    goesOn: run => `回滚仍在继续。查看状态：backout show ${run}`,
    watching: run => `正在等待 ${run}。Ctrl-C 只停止等待，回滚继续。`,
    notLooked: run => `尚无 worker 返回对象状态。请重新获取：backout logs ${run}`,
  },
} as const satisfies Record<Locale, Words>;

/** The overview of the command line: programs, commands (as they are typed), switches and exit codes. */
export function usageText(locale: Locale, commands: readonly string[], topics: readonly string[]): string {
  const w: Words = words[locale];
  const lists = [programNames.map(name => w.programs[name]), commands, w.switches];
  const indented = lists.map(lines => lines.map(line => `  ${line}`).join('\n'));
  return [w.usage, ...indented, w.codes, `${w.more}: ${topics.join(', ')}`].join('\n\n');
}

/** What `init` did: the files it wrote, those it left alone, and what to do next. */
export function initText(locale: Locale, wrote: readonly string[], kept: readonly string[]): string {
  const w: Words = words[locale];
  const lines = [...kept.map(file => w.kept(file)), ...(wrote.length > 0 ? [w.wrote(wrote), ...w.afterInit] : [])];
  return lines.join('\n');
}

/** What `discover` did: `namespaces` as they were named, none for all. */
export interface Discovery {
  readonly found: number;
  readonly namespaces: readonly string[];
  readonly wrote: readonly string[];
  readonly kept: readonly string[];
}

/** What `discover` found and wrote, what it left alone, and what to do next; where there is nothing, where it looked. */
export function discoverText(locale: Locale, { found, namespaces, wrote, kept }: Discovery): string {
  const w: Words = words[locale];
  const written = wrote.length > 0 ? [w.wrote(wrote), ...w.afterDiscover] : [];
  const nothing = found === 0 ? [w.none(namespaces)] : wrote.length + kept.length === 0 ? [w.unnamed] : [];
  return [w.found(found), ...nothing, ...kept.map(file => w.kept(file)), ...written].join('\n');
}

/** The roles that `doctor` found missing, as one manifest; empty where there are none. */
export function rolesText(locale: Locale, manifests: readonly string[]): string {
  return manifests.length > 0 ? ['', words[locale].roles, manifests.join('---\n').trimEnd()].join('\n') : '';
}

/** Says that a catalogue is in order. */
export function fineText(locale: Locale, file: string, services: number): string {
  return words[locale].fine(file, services);
}

/** Says that the run goes on though nobody waits for it here any more. */
export function goesOnText(locale: Locale, run: RunId): string {
  return words[locale].goesOn(shortRunId(run));
}

/** Says what is waited for, and that Ctrl-C does no harm. */
export function watchingText(locale: Locale, run: RunId): string {
  return words[locale].watching(shortRunId(run));
}

/** Says that nobody has looked yet, and what to type to ask again. */
export function notLookedText(locale: Locale, run: RunId): string {
  return words[locale].notLooked(shortRunId(run));
}
