import { type NoteTable, names, s, where } from './table.ts';

/** What git shows and what is done there. */
export const gitNotes = {
  'git-restores': {
    en: f => `puts the tree of ${f.version} (${f.commit}) on top of ${f.branch} as one commit and pushes it`,
    'zh-CN': f => `将 ${f.version}（${f.commit}）的完整内容作为一次新提交放到 ${f.branch} 顶端并推送`,
  },
  'git-puts-back': {
    en: f => `puts ${f.branch} back as it was, as one commit${where(f.by, ', and deploys it by ~')}`,
    'zh-CN': f => `用一次新提交将 ${f.branch} 恢复原状${where(f.by, '，并通过 ~ 部署')}`,
  },
  'git-deploys': {
    en: f => `deploys ${f.branch} by ${f.by}`,
    'zh-CN': f => `通过 ${f.by} 部署 ${f.branch}`,
  },
  'git-deploy-with-branch': {
    en: f => `${f.branch} is deployed together with putting it back`,
    'zh-CN': f => `恢复 ${f.branch} 时会一并部署`,
  },
  'git-takes-back': {
    en: f => `${f.count} commit${s(f.count)} on ${f.branch} taken back, whoever made them: ${names(f.commits, '; ')}`,
    'zh-CN': f => `${f.branch} 上的 ${f.count} 个提交会一并撤回（不论作者）：${names(f.commits, '；')}`,
  },
  'git-pushed-only': {
    en: f => `pushing ${f.branch} is all that is done: whatever deploys it is not watched here`,
    'zh-CN': f => `只推送 ${f.branch}：此处不跟踪后续部署`,
  },
  'git-branch-restored': {
    en: f => `${f.branch} has the wanted tree (${f.tip})`,
    'zh-CN': f => `${f.branch} 已是目标内容（${f.tip}）`,
  },
  'git-branch-as-planned': {
    en: f => `${f.branch} is where it was when this was planned (${f.tip})`,
    'zh-CN': f => `${f.branch} 与制定计划时一致（${f.tip}）`,
  },
  'git-branch-moved': {
    en: f => `${f.branch} moved to ${f.tip} since this was planned`,
    'zh-CN': f => `制定计划之后，${f.branch} 已移动到 ${f.tip}`,
  },
  'git-branch-went-on': {
    en: f => `${f.branch} had ${f.commit}, and somebody went on from there to ${f.tip}`,
    'zh-CN': f => `${f.branch} 曾位于 ${f.commit}，之后有人继续提交到 ${f.tip}`,
  },
  'git-branch-gone': { en: f => `${f.branch} is gone`, 'zh-CN': f => `${f.branch} 已不存在` },
  'git-deployed': { en: f => `${f.commit} is deployed`, 'zh-CN': f => `${f.commit} 已部署` },
  'git-not-deployed': { en: f => `${f.commit} is not deployed yet`, 'zh-CN': f => `${f.commit} 尚未部署` },
  'git-deploy-started': {
    en: f => `${f.by} took ${f.commit}`,
    'zh-CN': f => `${f.by} 已接受 ${f.commit}`,
  },
  'git-deploy-unseen': {
    en: f => `whether ${f.by} deployed: only its answer tells`,
    'zh-CN': f => `${f.by} 是否完成部署：只能看它的答复`,
  },
  'git-deploy-unclear': {
    en: f => `whether ${f.commit} is deployed cannot be told`,
    'zh-CN': f => `无法判断 ${f.commit} 是否已部署`,
  },
} satisfies NoteTable;
